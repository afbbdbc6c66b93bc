import { schemaReport } from '../schema/schema-problems';
import type { Rule } from '../rule';

/** What the CRDs refuse although istiod alone would take it. Counted apart from object-schema, which is what both or istiod refuse. */
export const crdOnly: Rule = {
  id: 'crd-only',
  level: 'mandatory',
  title: 'an object also keeps the limits that only the CRDs set',
  single: true,
  docs: {
    why: 'istiod would take such a value, so that a tool which asks istiod alone is content; the API server, which comes first, refuses it.',
    bad: `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: local, namespace: istio-ingress }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { name: http, protocol: HTTP }
      bind: unix://@local
      hosts: ["*"]
`,
    good: `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: local, namespace: istio-ingress }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { name: http, number: 0, protocol: HTTP }
      bind: unix://@local
      hosts: ["*"]
`,
    fix: 'Change the value as the message says.',
  },
  check: (model) =>
    model.objects.all.flatMap(({ object }) =>
      schemaReport(object).crdOnly.map(({ path, message }) => ({ object, path, message })),
    ),
};
