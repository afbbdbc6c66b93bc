import { noRoute, type Outcome, reset, type RuleRef, unknownHost, unknownWords } from '../outcome';
import { mostSpecific } from '../tables/gateway-table';
import type { TrafficModel } from '../traffic-model';
import { type Client, clients, type Group } from './clients';
import { type Entry, entryKey, entryOutcomes } from './entry';
import { gatewayEntries } from './gateway-entries';
import { meshEntries, plainEntries } from './mesh-entries';
import type { Literal } from '../matching/literal';
import type { CompiledRoute } from '../rules/routes';
import { regionMember } from '../solve/satisfy';
import { conditionList, conditionWords } from '../words';

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
