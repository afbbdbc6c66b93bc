import * as z from 'zod';
import { actionShares, canonicalHost, sharesOf, type Shares, type ServedDestination } from './shares';

/** A rule in the configuration of a proxy. */
export interface ServedRule {
  /** `<namespace>/<name>` of its VirtualService; undefined when it has none, or when the proxy does not name it. */
  source?: string;
  shares: Shares;
  /** Names of Envoy clusters that get a share but do not exist, although the proxy has their host (wrong port, deleted subset): such requests get 503 `NC`. */
  missing?: string[];
}

/** An Envoy cluster for outbound requests. */
export interface EnvoyCluster {
  port: number;
  subset: string;
  /** See canonicalHost. */
  host: string;
  /** Number of its addresses; undefined when they do not come from istiod (EDS). */
  endpoints?: number;
}

/** The routing configuration of a proxy. */
export interface ProxyConfig {
  /** Rules for requests, one list for each virtual host. */
  virtualHosts: ServedRule[][];
  /** Rules for connections. */
  connections: ServedRule[];
  clusters: EnvoyCluster[];
}

const looseObject = z.record(z.string(), z.unknown());
type Loose = z.infer<typeof looseObject>;

/**
 * Reads Envoy's `/config_dump?include_eds`; keys may be in snake case, as Envoy writes them, or in camel case.
 * @throws z.ZodError for anything else
 */
export function proxyConfig(dump: unknown): ProxyConfig {
  const { configs } = z.object({ configs: z.array(looseObject) }).parse(dump);
  const ofType = (type: string): Loose[] => configs.filter((config) => String(config['@type']).endsWith(`.${type}`));
  const clusterDumps = ofType('ClustersConfigDump');
  const endpoints = endpointCounts(ofType('EndpointsConfigDump'));
  const clusters = clusterDumps.flatMap((one) =>
    list(one, 'dynamicActiveClusters').map((entry) => map(entry, 'cluster')),
  );
  const routeConfigs = ofType('RoutesConfigDump')
    .flatMap((one) => [...list(one, 'dynamicRouteConfigs'), ...list(one, 'staticRouteConfigs')])
    .map((entry) => map(entry, 'routeConfig'));
  const listeners = ofType('ListenersConfigDump')
    .flatMap((one) => list(one, 'dynamicListeners'))
    .map((entry) => map(map(entry, 'activeState'), 'listener'));
  const known = clusters.flatMap((cluster) => clusterOf(cluster, endpoints));
  const findMissing = missingClusters(
    new Set(clusters.map(({ name }) => String(name))),
    new Set(known.map(({ host }) => host)),
  );
  return {
    virtualHosts: routeConfigs.flatMap((config) =>
      list(config, 'virtualHosts').map((host) =>
        list(host, 'routes').map((route) => servedRule(route, atPort(findMissing, config, known))),
      ),
    ),
    connections: listeners
      .flatMap((listener) => list(listener, 'filterChains'))
      .flatMap((chain) => connectionRules(chain, findMissing)),
    clusters: known,
  };
}

type FindMissing = (action: Loose) => { missing?: string[] };

/** Finds the missing clusters of an action. Hosts that are not visible to the proxy (Sidecar, exportTo) do not count. */
function missingClusters(clusters: ReadonlySet<string>, hosts: ReadonlySet<string>): FindMissing {
  return (action) => {
    const missing = targets(action)
      .filter(({ name, weight }) => weight > 0 && name.startsWith('outbound|') && !clusters.has(name))
      .filter(({ name }) => hosts.has(destinationOf(name, 0).host))
      .map(({ name }) => name);
    return missing.length === 0 ? {} : { missing };
  };
}

/**
 * Ignores missing clusters for the listener's own port when their host has no such port. A sidecar's route configuration for port 80 also contains VirtualServices of Services without a port 80,
 * because another Service has one, and a destination without a port then means port 80 (Istio: pilot/pkg/networking/core/route, GetDestinationCluster). No request gets there.
 */
function atPort(findMissing: FindMissing, config: Loose, clusters: readonly EnvoyCluster[]): FindMissing {
  const listener = Number(textOf(config, 'name'));
  if (!Number.isInteger(listener)) return findMissing;
  return (action) => {
    const { missing = [] } = findMissing(action);
    const real = missing.filter((name) => {
      const { host } = destinationOf(name, 0);
      const port = Number(name.split('|')[1]);
      return port !== listener || clusters.some((cluster) => cluster.host === host && cluster.port === port);
    });
    return real.length === 0 ? {} : { missing: real };
  };
}

function servedRule(route: Loose, findMissing: FindMissing): ServedRule {
  return { ...sourceOf(route), shares: routeShares(route), ...findMissing(map(route, 'route')) };
}

function routeShares(route: Loose): Shares {
  if (route['redirect'] !== undefined) return actionShares('redirect');
  const direct = value(route, 'directResponse');
  if (direct !== undefined) return actionShares(`answer ${String((direct as Loose)['status'])}`);
  return sharesOf(destinations(map(route, 'route')));
}

function destinations(action: Loose): ServedDestination[] {
  return targets(action).map(({ name, weight }) => destinationOf(name, weight));
}

/** Weighted clusters, or the one cluster, of a route action or a TCP proxy. */
function targets(action: Loose): { name: string; weight: number }[] {
  const weighted = list(map(action, 'weightedClusters'), 'clusters');
  if (weighted.length === 0) return [{ name: textOf(action, 'cluster') ?? '', weight: 100 }];
  return weighted.map((cluster) => ({ name: String(cluster['name']), weight: Number(cluster['weight'] ?? 0) }));
}

/** The destination of a cluster named `outbound|9080|v1|reviews.bookinfo.svc.cluster.local`; any other name is taken as a host. */
function destinationOf(name: string, weight: number): ServedDestination {
  const [direction, , subset = '', host = ''] = name.split('|');
  return direction === 'outbound' ? { host: canonicalHost(host, ''), subset, weight } : { host: name, weight };
}

function connectionRules(chain: Loose, findMissing: FindMissing): ServedRule[] {
  const proxies = list(chain, 'filters').filter(({ name }) => name === 'envoy.filters.network.tcp_proxy');
  return proxies.map((filter) => {
    const action = map(filter, 'typedConfig');
    return { ...sourceOf(chain), shares: sharesOf(destinations(action)), ...findMissing(action) };
  });
}

/** istiod names the object of a rule by its path in the Kubernetes API. */
function sourceOf(rule: Loose): { source?: string } {
  const config = textOf(map(map(map(rule, 'metadata'), 'filterMetadata'), 'istio'), 'config');
  const [, namespace, name] = /\/namespaces\/([^/]+)\/virtual-service\/([^/]+)$/.exec(config ?? '') ?? [];
  return namespace === undefined || name === undefined ? {} : { source: `${namespace}/${name}` };
}

function clusterOf(cluster: Loose, endpoints: Map<string, number>): EnvoyCluster[] {
  const name = String(cluster['name']);
  const [direction, port, subset = '', host = ''] = name.split('|');
  if (direction !== 'outbound') return [];
  const count = endpoints.get(name);
  return [
    { port: Number(port), subset, host: canonicalHost(host, ''), ...(count === undefined ? {} : { endpoints: count }) },
  ];
}

function endpointCounts(dumps: Loose[]): Map<string, number> {
  const configs = dumps
    .flatMap((dump) => list(dump, 'dynamicEndpointConfigs'))
    .map((entry) => map(entry, 'endpointConfig'));
  return new Map(
    configs.map((config) => [
      String(value(config, 'clusterName')),
      list(config, 'endpoints').reduce((sum, locality) => sum + list(locality, 'lbEndpoints').length, 0),
    ]),
  );
}

/** A field by its name in camel case or snake case. */
function value(object: Loose | undefined, key: string): unknown {
  return object?.[key] ?? object?.[key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

function map(object: Loose | undefined, key: string): Loose {
  const found = value(object, key);
  return typeof found === 'object' && found !== null ? (found as Loose) : {};
}

function list(object: Loose | undefined, key: string): Loose[] {
  const found = value(object, key);
  return Array.isArray(found) ? (found as Loose[]) : [];
}

function textOf(object: Loose | undefined, key: string): string | undefined {
  const found = value(object, key);
  return typeof found === 'string' ? found : undefined;
}
