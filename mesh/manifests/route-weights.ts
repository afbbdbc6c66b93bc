import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from './kubernetes';

/** Weights in percent by version, or by host where a destination names no version. */
export type VersionWeights = Record<string, number>;

/** The weights of a VirtualService: of its only rule, or by rule. */
export type RuleWeights = VersionWeights | Record<string, VersionWeights>;

interface Destination {
  destination?: { host?: string; subset?: string; port?: { number?: number } };
  weight?: number;
}

interface Rule {
  name?: string;
  match?: object[];
  route?: Destination[];
}

const protocols = ['http', 'tls', 'tcp'] as const;
type Spec = Partial<Record<(typeof protocols)[number], Rule[]>>;

/**
 * The weights of a VirtualService: version → weight for its only rule, else rule → version → weight. A rule is named by
 * its `name`, or by what it matches, so that adding or removing a rule does not rename the others. Rules without
 * destinations are left out.
 */
export function weightsOf(virtualService: KubernetesObject): RuleWeights {
  const named = Object.fromEntries(weightedRules(virtualService));
  const all = rulesOf(virtualService);
  const [only] = Object.values(named);
  return all.length === 1 && only !== undefined ? only : named;
}

function weightedRules(virtualService: KubernetesObject): [string, VersionWeights][] {
  return namedRules(virtualService).flatMap(([name, { route = [] }]) =>
    route.length === 0 ? [] : [[name, versionWeights(route)]],
  );
}

/** Rules with names that are unique in the VirtualService. */
function namedRules(virtualService: KubernetesObject): [string, Rule][] {
  const seen = new Map<string, number>();
  return rulesOf(virtualService).map((rule) => {
    const name = ruleName(rule);
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    return [number === 1 ? name : `${name} (${number})`, rule];
  });
}

function rulesOf({ spec = {} }: KubernetesObject): Rule[] {
  return protocols.flatMap((protocol) => (spec as Spec)[protocol] ?? []);
}

function ruleName({ name, match = [] }: Rule): string {
  if (name !== undefined && name !== '') return name;
  if (match.length === 0) return 'everything else';
  return match.map((one) => conditions(one).join(', ') || 'everything').join(' or ');
}

/** `uri prefix /v2`, `headers.end-user exact jason`. */
function conditions(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const whole = path === '' ? key : `${path}.${key}`;
    if (typeof inner !== 'object' || inner === null) {
      const isKind = ['exact', 'prefix', 'regex'].includes(key) && path !== '';
      return [isKind ? `${path} ${key} ${String(inner)}` : `${whole} ${String(inner)}`];
    }
    return Array.isArray(inner) ? [`${whole} ${inner.map(String).join('|')}`] : conditions(inner, whole);
  });
}

function versionWeights(route: readonly Destination[]): VersionWeights {
  const weights: VersionWeights = {};
  for (const { destination = {}, weight } of route) {
    const to = destination.subset ?? destination.host ?? '';
    weights[to] = (weights[to] ?? 0) + (weight ?? (route.length === 1 ? 100 : 0));
  }
  return weights;
}

/**
 * The VirtualService with the weights of another one, rule by rule and destination by destination. Rules and
 * destinations that the other one lacks keep their own weights.
 */
export function withWeightsOf<T extends KubernetesObject>(virtualService: T, other: KubernetesObject): T {
  const sources = new Map(namedRules(other));
  const names = new Map(namedRules(virtualService).map(([name, rule]) => [rule, name]));
  return mapRules(virtualService, (rule) => {
    const source = sources.get(names.get(rule) ?? '');
    const weights = source?.route ?? [];
    if (rule.route === undefined || !sameDestinations(rule.route, weights)) return rule;
    return { ...rule, route: rule.route.map((one, index) => withWeight(one, weights[index]?.weight)) };
  });
}

/** Whether {@link withWeightsOf} finds a place for every split of the other VirtualService. */
export function hasSplitsOf(virtualService: KubernetesObject, other: KubernetesObject): boolean {
  const rules = new Map(namedRules(virtualService));
  return namedRules(other).every(
    ([name, { route = [] }]) => route.length < 2 || sameDestinations(route, rules.get(name)?.route ?? []),
  );
}

/** The VirtualService without any weight, to compare everything else. */
export function withoutWeights<T extends KubernetesObject>(virtualService: T): T {
  return mapRules(virtualService, (rule) =>
    rule.route === undefined ? rule : { ...rule, route: rule.route.map((one) => withWeight(one, undefined)) },
  );
}

function withWeight(destination: Destination, weight: number | undefined): Destination {
  const { weight: own, ...others } = destination;
  if (own === weight) return destination;
  return weight === undefined ? others : { ...others, weight };
}

function sameDestinations(some: readonly Destination[], others: readonly Destination[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ destination }, index) => isDeepStrictEqual(destination, others[index]?.destination))
  );
}

function mapRules<T extends KubernetesObject>(virtualService: T, change: (rule: Rule) => Rule): T {
  const { spec = {} } = virtualService;
  const changed = protocols.flatMap((protocol) => {
    const rules = (spec as Spec)[protocol];
    return rules === undefined ? [] : [[protocol, rules.map(change)] as const];
  });
  return { ...virtualService, spec: { ...spec, ...Object.fromEntries(changed) } };
}
