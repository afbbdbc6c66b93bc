import type { ChangeRule, CheckOptions, Violation } from '../rule';
import { matchedRoutes, type MatchedRoute } from '../changes/matched-routes';
import { destinationTitle, type RouteDestination, type WrittenRoute } from '../model/routes';

/** Annotation of a VirtualService that names the subset to which traffic may always go back. */
export const stableAnnotation = 'policy.meshwright.io/stable';

/**
 * Compares each rule with itself, destination by destination; one that is not there has 0. A destination that had nothing appears, and `initialStep` holds for it as well. New rules and new VirtualServices are not
 * compared. Going back is always allowed: a change in which only the stable version gains. That is the subset that the annotation `policy.meshwright.io/stable` of the object
 * names, else the destination that had the largest weight, the first of them when several had.
 */
export const weightStepLimit: ChangeRule = {
  id: 'weight-step-limit',
  level: 'mandatory',
  title: 'in one update a weight changes by at most maxStep, and a version appears with at most initialStep',
  docs: {
    why: 'A typing error moves all traffic at once: 5 becomes 50. With a limit the damage of one update is bounded, whoever writes the number.',
    bad: `
# maxStep: 20; deployed is v1 90, v2 10
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: 50 }
        - { destination: { host: reviews, subset: v2 }, weight: 50 }
`,
    good: `
# maxStep: 20; deployed is v1 90, v2 10
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: 70 }
        - { destination: { host: reviews, subset: v2 }, weight: 30 }
`,
    fix: 'Move the weight in several updates, or raise the limit. Back to the stable version any step is allowed.',
  },
  check: (before, after, options) =>
    options.maxStep === undefined && options.initialStep === undefined
      ? []
      : matchedRoutes(before, after).flatMap((route) => violations(route, options)),
};

interface Shift {
  destination: RouteDestination;
  from: number;
  to: number;
  path: string;
}

function violations({ before, after }: MatchedRoute, options: CheckOptions): Violation[] {
  const shifts = shiftsOf(before, after);
  if (isGoingBack(shifts, before, after)) return [];
  const gains = shifts.flatMap((shift) => violation(shift, after, options));
  if (gains.length > 0) return gains;
  const { maxStep = Infinity } = options;
  return shifts
    .filter(({ from, to }) => from - to > maxStep)
    .map(({ destination, from, to, path }) => ({
      object: after.source.object,
      path,
      message: `${destinationTitle(destination)} would go from ${from} to ${to} at once, by ${from - to}; allowed are steps of ${maxStep} (maxStep). Go in several updates`,
    }));
}

function violation({ destination, from, to, path }: Shift, after: WrittenRoute, options: CheckOptions): Violation[] {
  const { maxStep = Infinity, initialStep = Infinity } = options;
  const limit = from === 0 ? Math.min(maxStep, initialStep) : maxStep;
  if (to - from <= limit) return [];
  const title = destinationTitle(destination);
  const message =
    from === 0 && initialStep <= maxStep
      ? `${title} would appear with ${to}; allowed is ${initialStep} (initialStep). Begin with less`
      : `${title} would go from ${from} to ${to} at once, by ${to - from}; allowed are steps of ${maxStep} (maxStep). Go in several updates`;
  return [{ object: after.source.object, path, message }];
}

function shiftsOf(before: WrittenRoute, after: WrittenRoute): Shift[] {
  const [old, next] = [weightsOf(before), weightsOf(after)];
  return [...new Set([...next.keys(), ...old.keys()])].flatMap((key) => {
    const [from, to] = [old.get(key), next.get(key)];
    const destination = to?.destination ?? from?.destination;
    if (destination === undefined) return [];
    const path = to === undefined ? `${after.path}.route` : `${to.destination.path}.weight`;
    return [{ destination, from: from?.weight ?? 0, to: to?.weight ?? 0, path }];
  });
}

/** Weights by destination in percent of the rule, whatever they sum to; a single destination has 100. */
function weightsOf({ destinations }: WrittenRoute): Map<string, { destination: RouteDestination; weight: number }> {
  const routed = destinations.filter(({ mirror }) => !mirror);
  const sum = routed.reduce((total, { weight = 0 }) => total + weight, 0);
  return new Map(
    routed.map((destination) => {
      const share = sum === 0 ? 0 : ((destination.weight ?? 0) * 100) / sum;
      const weight = routed.length === 1 ? 100 : Math.round(share * 10) / 10;
      return [keyOf(destination), { destination, weight }];
    }),
  );
}

function keyOf({ host, subset, port }: RouteDestination): string {
  return JSON.stringify([host, subset, port]);
}

function isGoingBack(shifts: readonly Shift[], before: WrittenRoute, after: WrittenRoute): boolean {
  const declared = after.source.annotations[stableAnnotation] ?? before.source.annotations[stableAnnotation];
  const largest = Math.max(...shifts.map(({ from }) => from));
  const [stable] = [...weightsOf(before)].find(([, { weight }]) => weight === largest) ?? [];
  const isStable = (destination: RouteDestination): boolean =>
    declared === undefined ? keyOf(destination) === stable : destination.subset === declared;
  return shifts.every(({ from, to, destination }) => to <= from || isStable(destination));
}
