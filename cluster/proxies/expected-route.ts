import type { VirtualServiceSpec } from '../../mesh/manifests/istio';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { actionShares, canonicalHost, sharesKey, sharesOf, type Shares } from './shares';

/** What proxies serve for a VirtualService, as far as it does not depend on the rest of the mesh. */
export interface ExpectedRoute {
  namespace: string;
  name: string;
  /** The shares of each rule for requests, without repetitions. */
  http: Shares[];
  /** Those of `http` that every proxy with this route has: no match limits them to a gateway, a port or a sender. */
  everywhere: Shares[];
  /** The shares of each rule for connections (tcp, tls), without repetitions. */
  connections: Shares[];
  /** Destination hosts of connections: the TCP proxy of a gateway does not name its VirtualService. */
  connectionHosts: string[];
  /** Hosts whose default route it replaces in every sidecar; none unless it applies to the whole mesh. */
  meshHosts: string[];
  /** Whether a delegate is involved, so that the shares depend on another object. */
  open: boolean;
}

type Rules = Required<Pick<VirtualServiceSpec, 'http' | 'tcp' | 'tls'>>;
type HttpRule = Rules['http'][number];
interface Destination {
  destination?: { host: string; subset?: string };
  weight?: number;
}

/** What proxies serve once they have this VirtualService. Pure. */
export function expectedRoute(virtualService: KubernetesObject): ExpectedRoute {
  const { http, tcp, tls } = rulesOf(virtualService);
  const namespace = virtualService.metadata.namespace ?? 'default';
  const reached = untilCatchAll(http);
  const connections = [...tls, ...tcp].map(({ route = [] }) => destinationShares(route as Destination[], namespace));
  return {
    namespace,
    name: virtualService.metadata.name,
    http: unique(reached.map((rule) => httpShares(rule, namespace))),
    everywhere: unique(reached.filter(isEverywhere).map((rule) => httpShares(rule, namespace))),
    connections: unique(connections),
    connectionHosts: [
      ...new Set([...tls, ...tcp].flatMap(({ route = [] }) => hostsOf(route as Destination[], namespace))),
    ],
    meshHosts: meshHosts(virtualService, namespace),
    open: isDelegate(virtualService) || reached.some(({ delegate }) => delegate !== undefined),
  };
}

/** What proxies serve of a VirtualService once it is deleted: nothing. */
export function expectedGone({ metadata }: KubernetesObject): ExpectedRoute {
  const { namespace = 'default', name } = metadata;
  return {
    namespace,
    name,
    http: [],
    everywhere: [],
    connections: [],
    connectionHosts: [],
    meshHosts: [],
    open: false,
  };
}

/** Whether a change shows in where proxies send requests. Of any other change (a timeout, a header) only the acknowledgement can be waited for. */
export function isVisible(before: ExpectedRoute, after: ExpectedRoute): boolean {
  const seen = ({ http, everywhere, connections }: ExpectedRoute): string =>
    JSON.stringify([http, everywhere, connections].map((shares) => shares.map(sharesKey).sort()));
  return seen(before) !== seen(after);
}

/** Names of the destinations with a share, see {@link destinationName}. */
export function sharedDestinations({ http, connections }: ExpectedRoute): string[] {
  const names = [...http, ...connections].flatMap((shares) => Object.keys(shares));
  return [...new Set(names)].filter((name) => !name.startsWith('(')).sort();
}

/** Destinations that get requests before a change and none after it, by subset or, without one, by host. */
export function dropped(before: KubernetesObject, after: KubernetesObject | undefined): string[] {
  const kept = after === undefined ? [] : sharedDestinations(expectedRoute(after));
  return sharedDestinations(expectedRoute(before))
    .filter((name) => !kept.includes(name))
    .map((name) => name.split('|')[1] ?? name);
}

function meshHosts({ spec }: KubernetesObject, namespace: string): string[] {
  const { hosts = [], gateways = ['mesh'], exportTo = ['*'] } = (spec ?? {}) as Partial<VirtualServiceSpec>;
  if (!gateways.includes('mesh') || !exportTo.includes('*')) return [];
  return hosts.map((host) => canonicalHost(host, namespace));
}

function rulesOf({ spec }: KubernetesObject): Rules {
  const { http = [], tcp = [], tls = [] } = (spec ?? {}) as Partial<Rules>;
  return { http, tcp, tls };
}

/** A delegate has no hosts of its own: its rules are served as part of another VirtualService. */
function isDelegate({ spec }: KubernetesObject): boolean {
  const { hosts = [] } = (spec ?? {}) as { hosts?: string[] };
  return hosts.length === 0;
}

/** Rules after a rule without a match are never reached, and istiod leaves them out. */
function untilCatchAll(http: HttpRule[]): HttpRule[] {
  const last = http.findIndex(({ match = [] }) => match.length === 0);
  return last < 0 ? http : http.slice(0, last + 1);
}

function isEverywhere({ match = [] }: HttpRule): boolean {
  const limits = ['gateways', 'port', 'sourceLabels', 'sourceNamespace'];
  return match.length === 0 || match.some((one) => !limits.some((key) => key in one));
}

function httpShares(rule: HttpRule, namespace: string): Shares {
  if (rule.redirect !== undefined) return actionShares('redirect');
  if (rule.directResponse !== undefined) return actionShares(`answer ${String(rule.directResponse.status)}`);
  if (rule.delegate !== undefined) return actionShares('delegate');
  return destinationShares(rule.route ?? [], namespace);
}

function destinationShares(route: Destination[], namespace: string): Shares {
  const destinations = route.map(({ destination = { host: '' }, weight }) => ({
    host: canonicalHost(destination.host, namespace),
    ...(destination.subset === undefined ? {} : { subset: destination.subset }),
    weight: route.length === 1 ? 100 : (weight ?? 0),
  }));
  return sharesOf(destinations);
}

function hostsOf(route: Destination[], namespace: string): string[] {
  return route.map(({ destination }) => canonicalHost(destination?.host ?? '', namespace));
}

function unique(shares: Shares[]): Shares[] {
  return [...new Map(shares.map((shares) => [sharesKey(shares), shares])).values()];
}
