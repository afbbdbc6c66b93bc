import { canonical, without } from '../../json';
import { memoizeByIdentity } from '../../model/memoize';
import type { Literal } from '../conditions';
import { endsOf, type Places } from '../endpoints';
import {
  noRoute,
  type Outcome,
  reset,
  type RuleRef,
  unknownHost,
  unknownWords,
  type WeightedDestination,
} from '../outcome';
import { redirectStatus } from '../rules/rewrites';
import type { CompiledRoute } from '../rules/routes';
import { fraction, share, type Share } from '../share';
import { regionMember } from '../solve/satisfy';
import { mostSpecific } from '../tables/gateway-table';
import type { TrafficModel } from '../traffic-model';
import { conditionList, conditionWords } from '../words';
import { type Client, clients, type Group } from './clients';
import { gatewayEntries } from './gateway-entries';
import { meshEntries, plainEntries } from './mesh-entries';

/** The rules for requests of one kind of sender to one host and port. */
export interface Entry {
  client: Client;
  protocol: 'http' | 'https' | 'tcp' | 'tls';
  /** FQDN, or a wildcard. */
  host: string;
  port: number;
  routes: readonly CompiledRoute[];
  /** The outcome of requests that no route takes. */
  otherwise: Outcome;
  /** The outcome of a route. */
  outcome(route: CompiledRoute): Outcome;
  /** The places where the requests of a destination end. */
  places: Places;
}

/** Identity of an entry, the same before and after a change. */
function entryKey({ client, protocol, host, port }: Pick<Entry, 'client' | 'protocol' | 'host' | 'port'>): string {
  return `${client.title} ${protocol}://${host}:${port}`;
}

/** The conditions and outcome of each rule; the last one is for requests that no rule takes. */
export interface EntryOutcome {
  when: readonly Literal[];
  outcome: Outcome;
}

/** The outcome of each route in order, then the outcome without a route. */
export const entryOutcomes = memoizeByIdentity((entry: Entry): EntryOutcome[] => [
  ...entry.routes.map((route) => ({ when: route.when, outcome: entry.outcome(route) })),
  { when: [], outcome: entry.otherwise },
]);

/** An outcome with the status of its redirect. */
export function withStatus(outcome: Outcome): Outcome {
  return outcome.redirect === undefined ? outcome : { ...outcome, status: redirectStatus(outcome.redirect) };
}

/** The effect of each outcome of {@link entryOutcomes}, as strings that are equal if requests notice no difference. */
export const behaviours = memoizeByIdentity((entry: Entry): string[] =>
  entryOutcomes(entry).map(({ outcome }) =>
    canonical({ ...behaviour(outcome), ends: Object.fromEntries(endsOf(outcome, entry.places)) }),
  ),
);

/** Whether two versions of one entry treat all requests alike, rule by rule. */
export function isSameEntry(before: Entry, after: Entry): boolean {
  const conditions = ({ routes }: Entry): string => JSON.stringify(routes.map(({ when, unless }) => [when, unless]));
  return (
    before.routes.length === after.routes.length &&
    conditions(before) === conditions(after) &&
    behaviours(before).every((text, index) => text === behaviours(after)[index])
  );
}

/**
 * An outcome without the place of its rule, which may change without any effect. Repeated destinations are merged and
 * sorted.
 */
function behaviour(outcome: Outcome): Record<string, unknown> {
  const { destinations } = outcome;
  return {
    ...without({ ...outcome }, 'rule', 'why'),
    ...(destinations && { destinations: shares(destinations) }),
  };
}

function shares(destinations: readonly WeightedDestination[]): unknown {
  if (destinations.length === 1) return destinations;
  const sums = new Map<string, Share>();
  for (const destination of destinations) {
    const key = canonical(without({ ...destination }, 'share'));
    sums.set(key, share(fraction(sums.get(key) ?? '0').add(fraction(destination.share))));
  }
  return Object.fromEntries(sums);
}

/** All routing decisions of a mesh: its entries by {@link entryKey}, in a fixed order. */
export function entries(traffic: TrafficModel, groups?: readonly Group[]): Map<string, Entry> {
  const all = clients(traffic.mesh, groups).flatMap((client) => clientEntries(traffic, client));
  return new Map(all.map((entry) => [entryKey(entry), entry]));
}

function clientEntries(traffic: TrafficModel, client: Client): Entry[] {
  if (client.proxy.type === 'none') return plainEntries(traffic, client);
  return client.proxy.type === 'gateway' ? gatewayEntries(traffic, client) : meshEntries(traffic, client);
}

/**
 * The decision of a mesh for an entry of another mesh: its own entry for the same host, or else the outcome of requests
 * to that host.
 */
export function entryLike(traffic: TrafficModel, own: ReadonlyMap<string, Entry>, other: Entry): Entry {
  const same = own.get(entryKey(other));
  if (same !== undefined) return same;
  const covering =
    other.client.proxy.type === 'gateway'
      ? [...own.values()].filter(
          ({ client, port, protocol }) =>
            client.title === other.client.title && port === other.port && protocol === other.protocol,
        )
      : [];
  const byHost = new Map(covering.map((entry) => [entry.host, entry]));
  const found = mostSpecific(other.host, (host) => byHost.get(host));
  if (found !== undefined) return { ...found, host: other.host };
  return { ...other, routes: [], otherwise: absent(traffic, other) };
}

function absent(traffic: TrafficModel, { client, host, port, protocol }: Entry): Outcome {
  if (client.proxy.type === 'none') return { kind: 'passthrough', why: `${host} is not a Service` };
  if (client.proxy.type === 'gateway') {
    return protocol === 'http' || protocol === 'https'
      ? noRoute(`no route for host ${host}`)
      : reset(`nothing listens for ${host}`);
  }
  const scope = traffic.scope(client.proxy);
  const what = unknownWords(host, port, scope.listenedService(host));
  return unknownHost(what, scope.sidecar.outboundTrafficPolicy, protocol === 'http');
}

/** Requests that all match the same rule. */
export interface RequestClass {
  /** Who sends them, e.g. `gateway istio-ingress/istio-ingressgateway`, `workloads`. */
  from: string;
  protocol: Entry['protocol'];
  host: string;
  port: number;
  /** The rule's own conditions in words; those of the rules before it come first and are not repeated. */
  who: string;
  when: readonly Literal[];
  /**
   * False if no request can get here, because earlier rules take them all. Undefined if not decided (regexes too large
   * to compare).
   */
  reachable: boolean | undefined;
  /** One such request, by property, e.g. `path` and `header end-user`; absent properties left out. */
  example?: Record<string, string>;
  outcome: Outcome;
}

/** The finite set of classes that a mesh distinguishes, rule by rule. Requests that no rule takes are a class, too. */
export function requestClasses(traffic: TrafficModel): RequestClass[] {
  return [...entries(traffic).values()].flatMap(entryClasses);
}

/** The number of {@link requestClasses}, without their outcomes. */
export function countClasses(traffic: TrafficModel): number {
  return [...entries(traffic).values()]
    .map((entry) => entry.routes.length + (isRestEmpty(entry) ? 0 : 1))
    .reduce((sum, one) => sum + one, 0);
}

/** Whether the routes of an entry take all its requests. */
function isRestEmpty({ routes, client }: Entry): boolean {
  return regionMember([{ routes, index: routes.length }], client.given) === 'none';
}

export function entryClasses(entry: Entry): RequestClass[] {
  const { client, protocol, host, port, routes } = entry;
  return entryOutcomes(entry).flatMap(({ when, outcome }, index): RequestClass[] => {
    const member = regionMember([{ routes, index }], client.given);
    const isRest = index === routes.length;
    if (isRest && member === 'none') return [];
    const example = typeof member === 'string' ? undefined : exampleOf(member);
    return [
      {
        from: client.title,
        protocol,
        host,
        port,
        who: classWords(when, index, [entry.routes[index]]),
        when,
        reachable: member === 'open' ? undefined : member !== 'none',
        ...(example && { example }),
        outcome,
      },
    ];
  });
}

/** Describes the requests that get to a route: its conditions, without those that policies take before. */
export function classWords(
  when: readonly Literal[],
  index: number,
  routes: readonly (CompiledRoute | undefined)[],
): string {
  if (when.length === 0 && index > 0) return 'all other requests';
  const except = routes.flatMap((route) => route?.except ?? []).map((one) => conditionList(one).join(' and '));
  return except.length === 0 ? conditionWords(when) : `${conditionWords(when)}, except where ${except.join(' or ')}`;
}

/** Rules that no request can get to. */
export function unreachableRules(classes: readonly RequestClass[]): RuleRef[] {
  const seen = new Map<string, { rule: RuleRef; reached: boolean }>();
  for (const { outcome, reachable } of classes) {
    if (outcome.rule === undefined) continue;
    const key = ruleKey(outcome.rule);
    const before = seen.get(key)?.reached ?? false;
    seen.set(key, { rule: outcome.rule, reached: before || reachable !== false });
  }
  return [...seen.values()].filter(({ reached }) => !reached).map(({ rule }) => rule);
}

export function ruleKey({ kind, namespace, name, path }: RuleRef): string {
  return `${kind} ${namespace}/${name} ${path}`;
}

export function exampleOf(member: ReadonlyMap<string, string | undefined>): Record<string, string> {
  return Object.fromEntries([...member].filter((pair): pair is [string, string] => pair[1] !== undefined));
}
