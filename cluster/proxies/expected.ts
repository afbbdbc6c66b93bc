import type { VirtualServiceSpec } from '../../mesh/manifests/istio';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { actionSplit, canonicalHost, splitKey, splitOf, type Split } from './split';

/** What a VirtualService makes proxies do, as far as it can be seen in their configuration without knowing the rest of the mesh. */
export interface ExpectedRoute {
  namespace: string;
  name: string;
  /** Every split that a rule for requests may have, each once. */
  http: Split[];
  /** Those of `http` that every proxy with this route must have: no match ties them to a gateway, a port or a sender. */
  everywhere: Split[];
  /** Every split that a rule for connections (tcp, tls) may have, each once. */
  connections: Split[];
  /** Hosts that connections are sent to: a gateway's TCP proxy does not say which VirtualService made it. */
  connectionHosts: string[];
  /** Hosts whose default route in the mesh it replaces for every proxy; none when it is not for the whole mesh. */
  meshHosts: string[];
  /** Another object has a say in what is served (a delegate), so that its splits are not known here. */
  open: boolean;
}

type Rules = Required<Pick<VirtualServiceSpec, 'http' | 'tcp' | 'tls'>>;
type HttpRule = Rules['http'][number];
interface Destination {
  destination?: { host: string; subset?: string };
  weight?: number;
}

/** What proxies are to serve once they have this VirtualService. Pure. */
export function expectedRoute(virtualService: KubernetesObject): ExpectedRoute {
  const { http, tcp, tls } = rulesOf(virtualService);
  const namespace = virtualService.metadata.namespace ?? 'default';
  const reached = untilCatchAll(http);
  const connections = [...tls, ...tcp].map(({ route = [] }) => destinationSplit(route as Destination[], namespace));
  return {
    namespace,
    name: virtualService.metadata.name,
    http: unique(reached.map((rule) => httpSplit(rule, namespace))),
    everywhere: unique(reached.filter(isEverywhere).map((rule) => httpSplit(rule, namespace))),
    connections: unique(connections),
    connectionHosts: [
      ...new Set([...tls, ...tcp].flatMap(({ route = [] }) => hostsOf(route as Destination[], namespace))),
    ],
    meshHosts: meshHosts(virtualService, namespace),
    open: isDelegate(virtualService) || reached.some(({ delegate }) => delegate !== undefined),
  };
}

/** What proxies are to serve once a VirtualService is gone: nothing of it. */
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

/** Whether the difference between two states of a VirtualService shows in where proxies send requests; if not (a timeout, a header), only the acknowledgement can be waited for. */
export function isVisible(before: ExpectedRoute, after: ExpectedRoute): boolean {
  const seen = ({ http, everywhere, connections }: ExpectedRoute): string =>
    JSON.stringify([http, everywhere, connections].map((splits) => splits.map(splitKey).sort()));
  return seen(before) !== seen(after);
}

/** Destinations with a share, as {@link destinationName}s. */
export function sharedDestinations({ http, connections }: ExpectedRoute): string[] {
  const names = [...http, ...connections].flatMap((split) => Object.keys(split));
  return [...new Set(names)].filter((name) => !name.startsWith('(')).sort();
}

/** Destinations that get requests before a change of a VirtualService and none after it, by their version or, without one, their host. */
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

/** Rules behind one without a match are never reached, and istiod leaves them out. */
function untilCatchAll(http: HttpRule[]): HttpRule[] {
  const last = http.findIndex(({ match = [] }) => match.length === 0);
  return last < 0 ? http : http.slice(0, last + 1);
}

function isEverywhere({ match = [] }: HttpRule): boolean {
  const tied = ['gateways', 'port', 'sourceLabels', 'sourceNamespace'];
  return match.length === 0 || match.some((one) => !tied.some((key) => key in one));
}

function httpSplit(rule: HttpRule, namespace: string): Split {
  if (rule.redirect !== undefined) return actionSplit('redirect');
  if (rule.directResponse !== undefined) return actionSplit(`answer ${String(rule.directResponse.status)}`);
  if (rule.delegate !== undefined) return actionSplit('delegate');
  return destinationSplit(rule.route ?? [], namespace);
}

function destinationSplit(route: Destination[], namespace: string): Split {
  const places = route.map(({ destination = { host: '' }, weight }) => ({
    host: canonicalHost(destination.host, namespace),
    ...(destination.subset === undefined ? {} : { subset: destination.subset }),
    weight: route.length === 1 ? 100 : (weight ?? 0),
  }));
  return splitOf(places);
}

function hostsOf(route: Destination[], namespace: string): string[] {
  return route.map(({ destination }) => canonicalHost(destination?.host ?? '', namespace));
}

function unique(splits: Split[]): Split[] {
  return [...new Map(splits.map((split) => [splitKey(split), split])).values()];
}
