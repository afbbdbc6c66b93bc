import { unknownField } from '../schema/crd/translate';
import { isOlder, newestMinor } from '../schema/field-versions';
import { schemaReport } from '../schema/schema-problems';
import { examples, type Rule } from '../rule';

/** What a cluster with Istio 1.30 refuses: the CRDs with strict field validation, and istiod's validating webhook. */
export const objectSchema: Rule = {
  id: 'object-schema',
  level: 'mandatory',
  title: 'the API server and istiod accept every Istio object',
  istio: ['IST0106'],
  single: true,
  docs: {
    why: 'The cluster refuses such an object in the middle of a deployment, when half of the change is done; without a webhook it is accepted and ignored. A misspelt field is dropped silently, and has no effect.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - timeout: 3 seconds
      retries: { attempt: 3 }
      route: [{ destination: { host: reviews } }]
`,
      ['timeout: 3 seconds', 'timeout: 3s'],
      ['attempt', 'attempts'],
    ),
    fix: 'Change the value as the message says. Every field is described in the reference pages of its kind on istio.io.',
  },
  check: (model, { istioVersion }) =>
    model.objects.all.flatMap(({ object }) =>
      schemaReport(object)
        .errors.filter(({ path }) => !isWeight(path))
        .map(({ path, message }) => ({
          object,
          path,
          message,
          ...(mayBeNewer(message, istioVersion) ? { level: 'advisory' as const } : {}),
        })),
    ),
};

/** A field that no known schema has may exist in an Istio that is newer than all of them. */
function mayBeNewer(message: string, istioVersion: string | undefined): boolean {
  return istioVersion !== undefined && isOlder(newestMinor, istioVersion) && message.startsWith(unknownField);
}

/** weight-range reports invalid weights. */
function isWeight(path: string): boolean {
  return /\.route\[\d+\]\.weight$/.test(path);
}
