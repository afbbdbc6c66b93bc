import { isWholePercent, listed, type WeightedRoute, weightedRoutes } from '../model/routes';
import { examples, type Rule } from '../rule';

/** Since Istio 1.15 any sum is accepted and scaled: 60/60 is 50 %/50 % (istio#39544). */
export const weightSum100: Rule = {
  id: 'weight-sum-100',
  level: 'mandatory',
  title: 'the weights of a route with several destinations sum to 100',
  istio: ['IST0106'],
  single: true,
  docs: {
    why: 'Istio takes any sum and scales it, so that 90 and 20 become 82 % and 18 %. The weights in the file no longer show the traffic, and a typing error looks like a canary.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: 90 }
        - { destination: { host: reviews, subset: v3 }, weight: 20 }
`,
      ['weight: 20', 'weight: 10'],
    ),
    fix: 'Write percentages: whole numbers that sum to 100.',
  },
  check: (model) => weightedRoutes(model).filter(isJudgeable).flatMap(violation),
};

/** weight-range reports weights that are not whole percentages; their sum means nothing. */
function isJudgeable({ destinations }: WeightedRoute): boolean {
  return destinations.length > 1 && destinations.every(({ weight }) => weight === undefined || isWholePercent(weight));
}

function violation({ object, path, destinations }: WeightedRoute) {
  const weights = destinations.map(({ weight }) => (isWholePercent(weight) ? weight : 0));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === 100) return [];
  const consequence =
    sum === 0
      ? 'Istio refuses a route whose weights are all 0'
      : `Istio would scale them to ${destinations.map(({ title }, index) => `${title} ${percent(weights[index] ?? 0, sum)}`).join(', ')}`;
  return [
    { object, path, message: `weights must sum to 100, these sum to ${sum} (${listed(destinations)}); ${consequence}` },
  ];
}

function percent(weight: number, sum: number): string {
  return `${Number(((100 * weight) / sum).toFixed(1))} %`;
}
