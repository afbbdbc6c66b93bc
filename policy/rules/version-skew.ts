import { featuresOf, isOlder } from '../schema/field-versions';
import { examples, type Rule } from '../rule';

/**
 * Judged only if the version of the installed Istio is known. A field belongs to the first version whose CRDs have it.
 */
export const versionSkew: Rule = {
  id: 'version-skew',
  level: 'advisory',
  title: 'no object uses a field that the installed Istio does not have',
  single: true,
  docs: {
    why: 'The CRDs of an older Istio do not know a newer field: a strict client is refused, any other silently loses the field. This happens when objects are written for a newer release than the cluster runs. Judged only when the version is known, from the stack file or the option istioVersion.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - retries: { attempts: 3, backoff: 100ms }
      route: [{ destination: { host: reviews } }]
`,
      ['attempts: 3, backoff: 100ms', 'attempts: 3'],
    ),
    options: { istioVersion: '1.25.3' },
    fix: 'Upgrade Istio first, or leave the field out until then.',
  },
  check: (model, { istioVersion }) => {
    if (istioVersion === undefined) return [];
    return model.objects.all.flatMap(({ object }) =>
      featuresOf(object)
        .filter(({ since }) => isOlder(istioVersion, since))
        .map(({ place, since }) => ({
          object,
          path: place.path,
          message: `came with Istio ${since}; the installed one is ${istioVersion}`,
        })),
    );
  },
};
