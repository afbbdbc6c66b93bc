import { rivalPolicies } from '../model/rival-policies';
import type { Rule } from '../rule';

export const telemetryUnique: Rule = {
  id: 'telemetry-unique',
  level: 'mandatory',
  title: 'at most one Telemetry applies to a namespace, and one to a workload',
  istio: ['IST0159', 'IST0160'],
  single: false,
  docs: {
    why: 'If two apply to one workload on the same level, istiod uses the older and ignores the other: traces or logs that only the other configures are missing.',
    bad: `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: logs, namespace: bookinfo }
spec: { accessLogging: [{ providers: [{ name: envoy }] }] }
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: traces, namespace: bookinfo }
spec: { tracing: [{ randomSamplingPercentage: 100 }] }
`,
    good: `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: default, namespace: bookinfo }
spec:
  accessLogging: [{ providers: [{ name: envoy }] }]
  tracing: [{ randomSamplingPercentage: 100 }]
`,
    fix: 'Keep one of them, or give each a selector that no workload of the other carries.',
  },
  check: (model) => rivalPolicies(model, 'Telemetry', { field: 'selector', labels: 'matchLabels' }),
};
