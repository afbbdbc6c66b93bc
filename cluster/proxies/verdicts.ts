import type { ExpectedRoute } from './expected-route';
import type { EnvoyCluster, ServedRule } from './proxy-config';
import { newestPush, unacknowledged, type ProxySyncView } from './proxy-sync';
import { formatShares, sharesKey, type Shares } from './shares';

/**
 * - `live`: the proxy serves the change, and has acknowledged every push.
 * - `unsure`: no evidence for or against; accepted when it stays so for a while.
 * - `lags`: the proxy does not serve the change yet.
 * - `unconcerned`: the change does not apply to this proxy.
 */
type ProxyState = 'live' | 'unsure' | 'lags' | 'unconcerned';

/** The state of one proxy. */
export interface ProxyVerdict {
  /** `<pod>.<namespace>` */
  proxy: string;
  istiod: string;
  state: ProxyState;
  /** Why it is not live. */
  why?: string;
  /** The shares that it serves, see formatShares. */
  serves: string[];
}

/** Why the configuration of a proxy is unknown. */
const notAsked = 'does not answer itself';

/**
 * Whether each proxy serves a VirtualService. Pure. A proxy without the route is unconcerned once it has had a push as new as one that gave the route to another proxy of the same istiod: istiod
 * then leaves the route out on purpose (exportTo, Sidecar, gateways).
 * @param restricted - DestinationRules of the route apply to some proxies only, so that others rightly lack a subset
 */
export function judgeRoute(
  expected: ExpectedRoute,
  views: readonly ProxySyncView[],
  restricted = false,
): ProxyVerdict[] {
  const found = views.map((view) => ({ view, served: servedBy(expected, view) }));
  const witness = new Map<string, number>();
  for (const { view, served } of found) {
    const number = newestPush(view);
    if (number === undefined || served === undefined || !agrees(expected, served)) continue;
    witness.set(view.istiod, Math.min(witness.get(view.istiod) ?? Infinity, number));
  }
  return found.map(({ view, served }) => judge(expected, view, served, witness.get(view.istiod), restricted));
}

/** The shares that a proxy serves for a VirtualService, in the order of its rules, without repetitions. */
function servedShares(expected: ExpectedRoute, view: ProxySyncView): Shares[] {
  const served = servedBy(expected, view);
  if (served === undefined) return [];
  const all = [...served.http.flat(), ...served.connections];
  return [...new Map(all.map((shares) => [sharesKey(shares), shares])).values()];
}

/** Why a proxy is `unsure` as long as no proxy of its istiod has the route. */
export const noRoute = 'has no such route';

interface Served {
  /** The shares by virtual host. */
  http: Shares[][];
  connections: Shares[];
  /** Envoy clusters that get requests but do not exist. */
  missing: string[];
}

function servedBy(expected: ExpectedRoute, { config, type }: ProxySyncView): Served | undefined {
  if (config === undefined) return undefined;
  const source = `${expected.namespace}/${expected.name}`;
  const http = config.virtualHosts
    .map((rules) => rules.filter((rule) => rule.source === source))
    .filter((rules) => rules.length > 0);
  const connections = config.connections.filter(
    (rule) => rule.source === source || (type === 'router' && isConnectionOf(expected, rule)),
  );
  if (http.length + connections.length === 0) return undefined;
  const missing = [...http.flat(), ...connections].flatMap((rule) => rule.missing ?? []);
  return {
    http: http.map((rules) => rules.map(({ shares }) => shares)),
    connections: connections.map(({ shares }) => shares),
    missing: [...new Set(missing)].sort(),
  };
}

/** Whether a proxy still has the default route of one of the hosts, which no VirtualService made. */
function hasDefaultRoute({ meshHosts, everywhere }: ExpectedRoute, { config, type }: ProxySyncView): boolean {
  if (config === undefined || type !== 'sidecar' || everywhere.length === 0) return false;
  const defaults = new Set(meshHosts.map((host) => sharesKey({ [host]: 100 })));
  return config.virtualHosts
    .flat()
    .some(({ source, shares }) => source === undefined && defaults.has(sharesKey(shares)));
}

/** The TCP proxy of a gateway does not name its VirtualService. */
function isConnectionOf({ connectionHosts }: ExpectedRoute, { source, shares }: ServedRule): boolean {
  const hosts = Object.keys(shares).map((name) => name.split('|')[0] ?? '');
  return source === undefined && hosts.length > 0 && hosts.every((host) => connectionHosts.includes(host));
}

function agrees({ http, everywhere, connections, open }: ExpectedRoute, served: Served): boolean {
  const allowed = new Set(http.map(sharesKey));
  const everyHost = served.http.every((shares) => {
    const keys = shares.map(sharesKey);
    return everywhere.every((shares) => keys.includes(sharesKey(shares))) && keys.every((key) => allowed.has(key));
  });
  const allowedConnections = new Set(connections.map(sharesKey));
  return (open || everyHost) && served.connections.every((shares) => allowedConnections.has(sharesKey(shares)));
}

function judge(
  expected: ExpectedRoute,
  view: ProxySyncView,
  served: Served | undefined,
  witness: number | undefined,
  restricted: boolean,
): ProxyVerdict {
  const { proxy, istiod } = view;
  const base = { proxy, istiod, serves: servedShares(expected, view).map(formatShares) };
  const waits = unacknowledged(view, ['routes', 'listeners']);
  if (waits !== undefined) return { ...base, state: 'lags', why: waits };
  if (view.config === undefined) return { ...base, state: 'unsure', why: notAsked };
  const gone = expected.http.length + expected.connections.length === 0;
  if (served !== undefined) {
    if (gone) return { ...base, state: 'lags', why: 'still has the route' };
    if (!agrees(expected, served)) return { ...base, state: 'lags', why: 'serves something else' };
    if (served.missing.length === 0) return { ...base, state: 'live' };
    const why = `answers 503, as it has no ${served.missing.join(', ')} (no such port or subset)`;
    return { ...base, state: restricted ? 'unsure' : 'lags', why };
  }
  if (gone) return { ...base, state: 'live' };
  if (hasDefaultRoute(expected, view)) return { ...base, state: 'lags', why: 'still has the default route' };
  const reached = witness !== undefined && (newestPush(view) ?? -1) >= witness;
  return reached ? { ...base, state: 'unconcerned' } : { ...base, state: 'unsure', why: noRoute };
}

/**
 * Whether each proxy can already send requests to the destinations that a route is about to name. Pure. A proxy without the host will not route to it, and a service without any address has nothing
 * to lose.
 * @param destinations - as `destinationName` writes them
 * @param restricted - the DestinationRules apply to some proxies only (`exportTo`, `workloadSelector`), so that others rightly never get a subset
 */
export function judgeDestinations(
  destinations: readonly string[],
  views: readonly ProxySyncView[],
  restricted: boolean,
): ProxyVerdict[] {
  return views.map((view) => {
    const base = { proxy: view.proxy, istiod: view.istiod, serves: [] };
    const waits = unacknowledged(view, ['clusters', 'endpoints']);
    if (waits !== undefined) return { ...base, state: 'lags', why: waits };
    const clusters = view.config?.clusters;
    if (clusters === undefined) return { ...base, state: 'unsure', why: notAsked };
    if (!destinations.some((name) => knowsHost(name, clusters))) return { ...base, state: 'unconcerned' };
    const missing = destinations.map((name) => problem(name, clusters)).filter((text) => text !== undefined);
    if (missing.length === 0) return { ...base, state: 'live' };
    const never = restricted && !destinations.some((name) => hasCluster(name, clusters));
    return { ...base, state: never ? 'unsure' : 'lags', why: missing.join(', ') };
  });
}

function problem(name: string, clusters: readonly EnvoyCluster[]): string | undefined {
  const [host = '', subset = ''] = name.split('|');
  for (const whole of clusters.filter((cluster) => cluster.host === host && cluster.subset === '')) {
    const own = clusters.find(
      (cluster) => cluster.host === host && cluster.subset === subset && cluster.port === whole.port,
    );
    if (own === undefined) return `has no subset ${subset} of ${host} yet`;
    if ((whole.endpoints ?? 0) > 0 && (own.endpoints ?? 0) === 0) return `knows no address of ${subset} of ${host} yet`;
  }
  return undefined;
}

function knowsHost(name: string, clusters: readonly EnvoyCluster[]): boolean {
  const host = name.split('|')[0];
  return clusters.some((cluster) => cluster.host === host && cluster.subset === '');
}

function hasCluster(name: string, clusters: readonly EnvoyCluster[]): boolean {
  const [host = '', subset = ''] = name.split('|');
  return clusters.some((cluster) => cluster.host === host && cluster.subset === subset);
}

/** Adds what lagging proxies serve meanwhile: their last known configuration when they do not answer. */
export function withServed(
  verdicts: ProxyVerdict[],
  views: readonly ProxySyncView[],
  expected: ExpectedRoute,
): ProxyVerdict[] {
  return verdicts.map((verdict) => {
    const view = views.find(({ proxy, istiod }) => proxy === verdict.proxy && istiod === verdict.istiod);
    if (verdict.state !== 'lags' || view === undefined || view.config !== undefined) return verdict;
    if (view.lastSeen === undefined) return verdict;
    return { ...verdict, serves: servedShares(expected, { ...view, config: view.lastSeen }).map(formatShares) };
  });
}

/** One line for each lagging proxy: `edge-0.shop: has not acknowledged its routes; serves v1 90 %, v3 10 %`. */
export function laggingLines(verdicts: readonly ProxyVerdict[]): string[] {
  return verdicts
    .filter(({ state }) => state === 'lags')
    .map(({ proxy, why, serves }) => {
      const what = serves.length === 0 ? '' : `; serves ${serves.join(' | ')}`;
      return `${proxy}: ${why ?? 'does not serve it yet'}${what}`;
    });
}

/** `3 of 10 proxies`, without those that are unconcerned. */
export function formatProgress(verdicts: readonly ProxyVerdict[]): string {
  const concerned = verdicts.filter(({ state }) => state !== 'unconcerned');
  const there = concerned.filter(({ state }) => state !== 'lags');
  return `${there.length} of ${concerned.length} ${concerned.length === 1 ? 'proxy' : 'proxies'}`;
}
