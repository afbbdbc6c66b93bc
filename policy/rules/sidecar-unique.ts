import { isAmbient } from '../model/ambient';
import { rivalPolicies } from '../model/rival-policies';
import { examples, type Rule } from '../rule';

export const sidecarUnique: Rule = {
  id: 'sidecar-unique',
  level: 'mandatory',
  title: 'at most one Sidecar applies to a namespace, and one to a workload',
  istio: ['IST0110', 'IST0111'],
  kiali: ['KIA0002', 'KIA0003'],
  single: false,
  docs: {
    why: 'If two Sidecars apply to one workload, istiod uses the older and ignores the other: the order of creation decides what the workload can reach.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default, namespace: bookinfo }
spec: { egress: [{ hosts: ["./*"] }] }
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: ratings, namespace: bookinfo }
spec: { egress: [{ hosts: ["./*", "data/*"] }] }
`,
      [
        'spec: { egress: [{ hosts: ["./*",',
        'spec: { workloadSelector: { labels: { app: ratings } }, egress: [{ hosts: ["./*",',
      ],
    ),
    fix: 'Keep one of them, or give each a selector that no workload of the other carries.',
  },
  // In ambient mode no Sidecar has any effect, which ambient-waypoint reports.
  check: (model) =>
    rivalPolicies(model, 'Sidecar', { field: 'workloadSelector', labels: 'labels' }).filter(
      ({ object }) => !isAmbient(model.namespaces.get(object.metadata.namespace ?? 'default')),
    ),
};
