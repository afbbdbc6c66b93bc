import { schemaReport } from '../schema/schema-problems';
import { examples, type Rule } from '../rule';

/** What istiod accepts with a warning: settings without effect, and deprecated ones. */
export const schemaWarnings: Rule = {
  id: 'schema-warnings',
  level: 'advisory',
  title: 'no object has settings that istiod warns about: without effect, or deprecated',
  istio: ['IST0002', 'IST0133'],
  single: true,
  docs: {
    why: 'istiod accepts such an object and returns a warning that only kubectl shows. A setting without effect does not do what it says; a deprecated one disappears in a later version.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: bookinfo }
spec:
  host: reviews
  trafficPolicy:
    outlierDetection: { consecutiveErrors: 5 }
`,
      ['consecutiveErrors', 'consecutive5xxErrors'],
    ),
    fix: 'Follow the message: remove the setting, or use its replacement.',
  },
  check: (model) =>
    model.objects.all.flatMap(({ object, kind, namespace }) =>
      schemaReport(object)
        .warnings.filter(
          ({ path }) => !(kind === 'Sidecar' && namespace === model.config.rootNamespace && isEgressHost(path)),
        )
        .map(({ path, message }) => ({ object, path, message })),
    ),
};

/** In a Sidecar of the root namespace \`./\` is the namespace of each proxy, so its hosts do not cover each other. */
function isEgressHost(path: string): boolean {
  return /^spec\.egress\[\d+\]\.hosts/.test(path);
}
