import { schemaReport } from '../schema/schema-problems';
import { examples, type Rule } from '../rule';

/** What only the CRDs refuse, and istiod would accept. What istiod refuses is reported by object-schema. */
export const crdOnly: Rule = {
  id: 'crd-only',
  level: 'mandatory',
  title: 'an object respects the limits that only the CRDs set',
  single: true,
  docs: {
    why: 'istiod would accept such a value, and so do tools that ask only istiod. The API server checks first, and refuses it.',
    ...examples(
      `
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
      ['protocol', 'number: 0, protocol'],
    ),
    fix: 'Change the value as the message says.',
  },
  check: (model) =>
    model.objects.all.flatMap(({ object }) =>
      schemaReport(object).crdOnly.map(({ path, message }) => ({ object, path, message })),
    ),
};
