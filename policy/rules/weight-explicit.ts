import { weightedRoutes } from '../model/routes';
import { examples, type Rule } from '../rule';

/** A missing weight counts as 0 if there are other destinations (istio#23145). */
export const weightExplicit: Rule = {
  id: 'weight-explicit',
  level: 'mandatory',
  title: 'in a route with several destinations, each has a weight',
  istio: ['IST0106'],
  single: true,
  docs: {
    why: 'Istio reads a missing weight as 0: the destination is configured, appears in every list, and gets no request. The cluster refuses an object in which all weights are missing.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: 100 }
        - { destination: { host: reviews, subset: v3 } }
`,
      ['subset: v3 } }', 'subset: v3 }, weight: 0 }'],
    ),
    fix: 'State a weight for every destination, 0 included, or remove the destination.',
  },
  check: (model) =>
    weightedRoutes(model)
      .filter(({ destinations }) => destinations.length > 1)
      .flatMap(({ object, destinations }) =>
        destinations
          .filter(({ weight }) => weight === undefined)
          .map(({ path, title }) => ({
            object,
            path: `${path}.weight`,
            message: `${title} is one of ${destinations.length} destinations and states no weight, so it would get no request; state a whole number from 0 to 100`,
          })),
      ),
};
