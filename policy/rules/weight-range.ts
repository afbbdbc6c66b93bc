import { isWholePercent, weightedRoutes } from '../model/routes';
import { examples, type Rule } from '../rule';

/** The CRD puts no bounds on `weight`; istiod refuses negative ones and takes any other integer. */
export const weightRange: Rule = {
  id: 'weight-range',
  level: 'mandatory',
  title: 'a weight is a whole number from 0 to 100',
  istio: ['IST0106'],
  single: true,
  docs: {
    why: 'A negative weight, a fraction or a string is refused by the cluster in the middle of a deployment; a number above 100 is accepted and does not mean percent.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: 33.3 }
        - { destination: { host: reviews, subset: v3 }, weight: 66.7 }
`,
      ['weight: 33.3', 'weight: 33'],
      ['weight: 66.7', 'weight: 67'],
    ),
    fix: 'Write whole percentages from 0 to 100, as numbers without quotes.',
  },
  check: (model) =>
    weightedRoutes(model).flatMap(({ object, destinations }) =>
      destinations
        .filter(({ weight }) => weight !== undefined && !isWholePercent(weight))
        .map(({ path, weight }) => ({
          object,
          path: `${path}.weight`,
          message: `${JSON.stringify(weight)} is not a weight; allowed is a whole number from 0 to 100`,
        })),
    ),
};
