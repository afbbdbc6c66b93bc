import { z } from 'zod';
import { actionSplit, canonicalHost, splitOf, type Place, type Split } from './split';

/** A rule that a proxy follows. */
export interface ServedRule {
  /** `<namespace>/<name>` of the VirtualService that made it; undefined when none did, or when the proxy does not say. */
  source?: string;
  split: Split;
  /** Names of Envoy clusters that get a share, but that the proxy does not have, although it knows their host (another port, a subset that is gone): it answers 503 `NC`. */
  missing?: string[];
}

/** A place that a proxy can send requests to. */
export interface Cluster {
  port: number;
  subset: string;
  /** Canonical. */
  host: string;
  /** Number of its addresses; undefined when they are not handed out by istiod. */
  endpoints?: number;
}

/** What a proxy has, as far as routing is concerned. */
export interface ProxyConfig {
  /** Rules for requests, one list for each virtual host. */
  virtualHosts: ServedRule[][];
  /** Rules for connections. */
  connections: ServedRule[];
  clusters: Cluster[];
}

const looseObject = z.record(z.string(), z.unknown());
type Loose = z.infer<typeof looseObject>;

/**
 * Reads Envoy's admin page `/config_dump?include_eds`, in its own spelling of keys, with underscores, or in that of JSON.
 * @throws z.ZodError when it is no config dump.
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
  const lacks = lackOf(new Set(clusters.map(({ name }) => String(name))), new Set(known.map(({ host }) => host)));
  return {
    virtualHosts: routeConfigs.flatMap((config) =>
      list(config, 'virtualHosts').map((host) =>
        list(host, 'routes').map((route) => servedRule(route, atPort(lacks, config, known))),
      ),
    ),
    connections: listeners
      .flatMap((listener) => list(listener, 'filterChains'))
      .flatMap((chain) => connectionRules(chain, lacks)),
    clusters: known,
  };
}

type Lacks = (action: Loose) => { missing?: string[] };

/** Says which clusters of an action are missing. A host of which the proxy knows nothing is none of its business (Sidecar, exportTo). */
function lackOf(clusters: ReadonlySet<string>, hosts: ReadonlySet<string>): Lacks {
  return (action) => {
    const missing = targets(action)
      .filter(({ name, weight }) => weight > 0 && name.startsWith('outbound|') && !clusters.has(name))
      .filter(({ name }) => hosts.has(placeOf(name, 0).host))
      .map(({ name }) => name);
    return missing.length === 0 ? {} : { missing };
  };
}

/**
 * Leaves out clusters of the listener's own port where their host has no such port. A sidecar's route configuration for port 80 also has the VirtualServices of Services without a port 80,
 * because some other Service has one, and a destination without a port then stands for port 80 (Istio: pilot/pkg/networking/core/route, GetDestinationCluster): no Service is asked there.
 */
function atPort(lacks: Lacks, config: Loose, clusters: readonly Cluster[]): Lacks {
  const listener = Number(textOf(config, 'name'));
  if (!Number.isInteger(listener)) return lacks;
  return (action) => {
    const { missing = [] } = lacks(action);
    const real = missing.filter((name) => {
      const { host } = placeOf(name, 0);
      const port = Number(name.split('|')[1]);
      return port !== listener || clusters.some((cluster) => cluster.host === host && cluster.port === port);
    });
    return real.length === 0 ? {} : { missing: real };
  };
}

function servedRule(route: Loose, lacks: Lacks): ServedRule {
  return { ...sourceOf(route), split: routeSplit(route), ...lacks(map(route, 'route')) };
}

function routeSplit(route: Loose): Split {
  if (route['redirect'] !== undefined) return actionSplit('redirect');
  const direct = value(route, 'directResponse');
  if (direct !== undefined) return actionSplit(`answer ${String((direct as Loose)['status'])}`);
  return splitOf(places(map(route, 'route')));
}

function places(action: Loose): Place[] {
  return targets(action).map(({ name, weight }) => placeOf(name, weight));
}

/** Weighted clusters, or the one cluster, of a route action or a TCP proxy. */
function targets(action: Loose): { name: string; weight: number }[] {
  const weighted = list(map(action, 'weightedClusters'), 'clusters');
  if (weighted.length === 0) return [{ name: textOf(action, 'cluster') ?? '', weight: 100 }];
  return weighted.map((cluster) => ({ name: String(cluster['name']), weight: Number(cluster['weight'] ?? 0) }));
}

/** `outbound|9080|v1|reviews.bookinfo.svc.cluster.local`; any other name stands for itself. */
function placeOf(name: string, weight: number): Place {
  const [direction, , subset = '', host = ''] = name.split('|');
  return direction === 'outbound' ? { host: canonicalHost(host, ''), subset, weight } : { host: name, weight };
}

function connectionRules(chain: Loose, lacks: Lacks): ServedRule[] {
  const proxies = list(chain, 'filters').filter(({ name }) => name === 'envoy.filters.network.tcp_proxy');
  return proxies.map((filter) => {
    const action = map(filter, 'typedConfig');
    return { ...sourceOf(chain), split: splitOf(places(action)), ...lacks(action) };
  });
}

/** istiod writes down which object made a rule, as a path of the Kubernetes API. */
function sourceOf(rule: Loose): { source?: string } {
  const config = textOf(map(map(map(rule, 'metadata'), 'filterMetadata'), 'istio'), 'config');
  const [, namespace, name] = /\/namespaces\/([^/]+)\/virtual-service\/([^/]+)$/.exec(config ?? '') ?? [];
  return namespace === undefined || name === undefined ? {} : { source: `${namespace}/${name}` };
}

function clusterOf(cluster: Loose, endpoints: Map<string, number>): Cluster[] {
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

/** A field by its name in JSON, or as Envoy's own admin page spells it. */
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
