import { asMap, canonical, indexedMaps, isMap, type JsonMap } from '../../mesh/json';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { type GroupedMove, modelDiff } from '../../mesh/traffic/diff/traffic-diff';
import type { Outcome } from '../../mesh/traffic/outcome';
import { trafficModels } from '../../mesh/traffic/traffic-model';
import { fraction } from '../../mesh/traffic/share';
import { destinationTitle, type RouteDestination, type WrittenRoute, writtenRoutes } from '../model/routes';
import { type ChangeRule, type CheckOptions, examples, modelOptions, type Violation } from '../rule';

/** Annotation of a VirtualService that names the subset to which traffic may always go back. It counts once it is deployed. */
const stableAnnotation = 'policy.meshwright.io/stable';

/**
 * Judges what moves, as `meshwright diff` shows it, for requests that a VirtualService routed before: by a weight, a new or deleted rule, a redirect, a renamed
 * object or other labels of a subset. Requests that a rule picks by the exact value or presence of a header or query parameter are testers, and may move at once.
 * Going back is always allowed: a move in which only the stable version gains. That is the subset in the annotation `policy.meshwright.io/stable` of the deployed
 * object, else the destination with the largest share, the first of them when several have it.
 */
export const weightStepLimit: ChangeRule = {
  id: 'weight-step-limit',
  level: 'mandatory',
  title:
    'one update moves at most maxStep percent of a class of requests, and a new version gets at most initialStep percent',
  docs: {
    why: 'A typing error moves all traffic at once: 5 becomes 50. With a limit the damage of one update is bounded.',
    ...examples(
      `
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
      ['v1 }, weight: 50', 'v1 }, weight: 70'],
      ['v2 }, weight: 50', 'v2 }, weight: 30'],
    ),
    fix: 'Move the requests in several updates, or raise the limit. Any step back to the stable version is allowed.',
  },
  check: (before, after, options) => {
    if (options.maxStep === undefined && options.initialStep === undefined) return [];
    const [old, next] = [before, after].map((model) => model.objects.all.map(({ object }) => object));
    const given = { before: modelOptions(options), after: modelOptions(options) };
    const models = trafficModels(old ?? [], next ?? [], given);
    const found = modelDiff(models.before, models.after).moves.flatMap((move) =>
      violations(before, after, move, options),
    );
    return [...new Map(found.map((violation) => [canonical([violation.path, violation.message]), violation])).values()];
  },
};

/** A destination or answer, with its share of the requests before and after, in percent. */
interface Shift {
  /** Undefined for an answer of the proxy, or pods that other labels select. */
  destination: RouteDestination | undefined;
  title: string;
  path: string;
  from: number;
  to: number;
}

function violations(before: MeshModel, after: MeshModel, move: GroupedMove, options: CheckOptions): Violation[] {
  const old = ruleOf(before, move.before);
  if (old === undefined || move.moved === '0') return [];
  const next = ruleOf(after, move.after);
  if (isForTesters(old, next)) return [];
  const shifts = shiftsOf(move, old, next);
  if (isGoingBack(shifts, old)) return [];
  const { object } = (next ?? old).source;
  const told = ({ path }: Shift, message: string): Violation => ({ object, path, message });
  const { maxStep = Infinity, initialStep = Infinity } = options;
  const gains = shifts.flatMap((shift) => {
    const { from, to, title } = shift;
    if (to - from <= (from === 0 ? Math.min(maxStep, initialStep) : maxStep)) return [];
    return from === 0 && initialStep <= maxStep
      ? [told(shift, `${title} would appear with ${to}; allowed is ${initialStep} (initialStep). Begin with less`)]
      : [told(shift, step(shift, to - from, maxStep))];
  });
  if (gains.length > 0) return gains;
  return shifts
    .filter(({ from, to }) => from - to > maxStep)
    .map((shift) => told(shift, step(shift, shift.from - shift.to, maxStep)));
}

function step({ title, from, to }: Shift, by: number, maxStep: number): string {
  return `${title} would go from ${from} to ${to} at once, by ${by}; allowed are steps of ${maxStep} (maxStep). Go in several updates`;
}

/** The rule of a VirtualService that decided; undefined when something else did. */
function ruleOf(model: MeshModel, { rule }: Outcome): WrittenRoute | undefined {
  if (rule?.kind !== 'VirtualService') return undefined;
  const path = rule.path.replace(/\.match\[\d+\]$/, '');
  const isSource = ({ namespace, name }: MeshObject): boolean => namespace === rule.namespace && name === rule.name;
  return writtenRoutes(model).find((route) => isSource(route.source) && route.path === path);
}

/** Whether the requests have moved to another rule, and either of the two rules picks testers. */
function isForTesters(old: WrittenRoute, next: WrittenRoute | undefined): boolean {
  if (next !== undefined && canonical(old.rule['match']) === canonical(next.rule['match'])) return false;
  return picksTesters(old.rule) || (next !== undefined && picksTesters(next.rule));
}

function picksTesters(rule: JsonMap): boolean {
  const matches = indexedMaps(rule['match']);
  return (
    matches.length > 0 &&
    matches.every(
      ({ item }) =>
        Object.keys(asMap(item['sourceLabels'])).length > 0 ||
        ['headers', 'queryParams'].some((field) => Object.values(asMap(item[field])).some(isNarrow)),
    )
  );
}

/** A condition on an exact value or on presence; a prefix or regex may take every request. */
function isNarrow(condition: unknown): boolean {
  return isMap(condition) && (typeof condition['exact'] === 'string' || Object.keys(condition).length === 0);
}

function shiftsOf({ before, after, ends }: GroupedMove, old: WrittenRoute, next: WrittenRoute | undefined): Shift[] {
  const path = (next ?? old).path;
  if (ends !== undefined) {
    return both(ends.before, ends.after).map(([place, from, to]) => ({
      destination: undefined,
      title: place,
      path,
      from,
      to,
    }));
  }
  return both(sharesOf(before), sharesOf(after)).map(([key, from, to]) => {
    const at = next?.destinations.find((destination) => names(destination, key));
    const destination = at ?? old.destinations.find((one) => names(one, key));
    const own = at === undefined ? `${path}${next?.rule['route'] === undefined ? '' : '.route'}` : `${at.path}.weight`;
    return {
      destination,
      title: destination === undefined ? titleOf(key) : destinationTitle(destination),
      path: own,
      from,
      to,
    };
  });
}

/** Shares by destination, or by the answer of the proxy. */
function sharesOf(outcome: Outcome): Record<string, string> {
  if (outcome.destinations === undefined) return { [JSON.stringify([outcome.kind, outcome.status ?? null])]: '1' };
  const shares: Record<string, string> = {};
  for (const { host, subset, port, share } of outcome.destinations) {
    const key = JSON.stringify([host, subset ?? null, port]);
    shares[key] = fraction(shares[key] ?? '0')
      .add(fraction(share))
      .toFraction();
  }
  return shares;
}

function both(a: Record<string, string>, b: Record<string, string>): [string, number, number][] {
  const percent = (share: string | undefined): number => Math.round(fraction(share ?? '0').valueOf() * 1000) / 10;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => [key, percent(a[key]), percent(b[key])]);
}

function names({ host, subset, port, mirror }: RouteDestination, key: string): boolean {
  const [otherHost, otherSubset, otherPort] = JSON.parse(key) as [string, string | null, number | null];
  return (
    !mirror && host === otherHost && (subset ?? null) === otherSubset && (port === undefined || port === otherPort)
  );
}

const answers: Record<string, string> = {
  redirect: 'a redirect',
  response: 'an answer of the proxy',
  noRoute: 'status 404',
};

function titleOf(key: string): string {
  const [host, subset] = JSON.parse(key) as [string, string | null];
  return answers[host] ?? (subset === null ? host : `${host} subset ${subset}`);
}

function isGoingBack(shifts: readonly Shift[], old: WrittenRoute): boolean {
  const declared = old.source.annotations[stableAnnotation];
  const largest = Math.max(...shifts.map(({ from }) => from));
  const first = old.destinations.find((destination) =>
    shifts.some(
      (shift) => shift.destination !== undefined && shift.from === largest && isSame(shift.destination, destination),
    ),
  );
  const isStable = ({ destination }: Shift): boolean =>
    destination !== undefined &&
    (declared === undefined ? first !== undefined && isSame(destination, first) : destination.subset === declared);
  return shifts.every((shift) => shift.to <= shift.from || isStable(shift));
}

function isSame(a: RouteDestination, b: RouteDestination): boolean {
  return a.host === b.host && a.subset === b.subset && (a.port ?? b.port) === (b.port ?? a.port);
}
