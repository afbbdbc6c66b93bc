import { isWholePercent, weightedRoutes } from '../model/routes';
import { examples, type Rule } from '../rule';

/** With one destination Istio ignores the weight, 0 included: it gets every request (istio#15157). */
export const weightSingle: Rule = {
  id: 'weight-single',
  level: 'advisory',
  title: 'the weight of a single destination is absent or 100',
  kiali: ['KIA1104'],
  single: true,
  docs: {
    why: 'A single destination gets every request, regardless of its weight. Weight 0 suggests that it gets none, so it is mandatory; any other number is advisory.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route:
        - { destination: { host: reviews, subset: v3 }, weight: 0 }
`,
      ['subset: v3 }, weight: 0', 'subset: v1 }, weight: 100'],
    ),
    fix: 'Leave the weight out or write 100. If the destination should get no requests, remove it, or add the one that should get them.',
  },
  check: (model) =>
    weightedRoutes(model).flatMap(({ object, destinations }) => {
      const [only, ...others] = destinations;
      if (only === undefined || others.length > 0 || !isWholePercent(only.weight) || only.weight === 100) return [];
      return [
        {
          object,
          path: `${only.path}.weight`,
          message: `${only.title} is the only destination and gets every request, not ${only.weight} %; leave the weight out or write 100`,
          level: only.weight === 0 ? ('mandatory' as const) : ('advisory' as const),
        },
      ];
    }),
};
