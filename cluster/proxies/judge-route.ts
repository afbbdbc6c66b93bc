import type { ExpectedRoute } from './expected';
import type { ServedRule } from './proxy-config';
import { newestPush, type ProxyView } from './proxy-view';
import { splitKey, splitText, type Split } from './split';
import { notAsked, unacknowledged, type Verdict } from './verdict';

/**
 * What each proxy makes of a VirtualService. Pure. A proxy without the route is done with once it was sent a push that is no older than one with which another proxy of its istiod had the route: what
 * istiod leaves out from there on is not for that proxy (exportTo, Sidecar, gateways).
 * @param restricted - DestinationRules of the route are not for everybody, so that a proxy may rightly lack a subset
 */
export function judgeRoute(expected: ExpectedRoute, views: readonly ProxyView[], restricted = false): Verdict[] {
  const found = views.map((view) => ({ view, served: servedBy(expected, view) }));
  const witness = new Map<string, number>();
  for (const { view, served } of found) {
    const number = newestPush(view);
    if (number === undefined || served === undefined || !agrees(expected, served)) continue;
    witness.set(view.istiod, Math.min(witness.get(view.istiod) ?? Infinity, number));
  }
  return found.map(({ view, served }) => judge(expected, view, served, witness.get(view.istiod), restricted));
}

/** What a proxy serves of a VirtualService: splits in the order of its rules, each once. */
export function servedSplits(expected: ExpectedRoute, view: ProxyView): Split[] {
  const served = servedBy(expected, view);
  if (served === undefined) return [];
  const all = [...served.http.flat(), ...served.connections];
  return [...new Map(all.map((split) => [splitKey(split), split])).values()];
}

/** Why a proxy is unsure that no istiod has shown the route to any proxy. */
export const noRoute = 'has no such route';

interface Served {
  /** One list for each virtual host that has rules of the VirtualService. */
  http: Split[][];
  connections: Split[];
  /** Envoy clusters that it sends requests to and does not have. */
  missing: string[];
}

function servedBy(expected: ExpectedRoute, { config, type }: ProxyView): Served | undefined {
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
    http: http.map((rules) => rules.map(({ split }) => split)),
    connections: connections.map(({ split }) => split),
    missing: [...new Set(missing)].sort(),
  };
}

/** Whether a proxy sends the requests for one of the hosts as no VirtualService says. */
function hasDefaultRoute({ meshHosts, everywhere }: ExpectedRoute, { config, type }: ProxyView): boolean {
  if (config === undefined || type !== 'sidecar' || everywhere.length === 0) return false;
  const defaults = new Set(meshHosts.map((host) => splitKey({ [host]: 100 })));
  return config.virtualHosts.flat().some(({ source, split }) => source === undefined && defaults.has(splitKey(split)));
}

/** istiod does not write into a gateway's TCP proxy which VirtualService made it. */
function isConnectionOf({ connectionHosts }: ExpectedRoute, { source, split }: ServedRule): boolean {
  const hosts = Object.keys(split).map((name) => name.split('|')[0] ?? '');
  return source === undefined && hosts.length > 0 && hosts.every((host) => connectionHosts.includes(host));
}

function agrees({ http, everywhere, connections, open }: ExpectedRoute, served: Served): boolean {
  const allowed = new Set(http.map(splitKey));
  const everyHost = served.http.every((splits) => {
    const keys = splits.map(splitKey);
    return everywhere.every((split) => keys.includes(splitKey(split))) && keys.every((key) => allowed.has(key));
  });
  const allowedConnections = new Set(connections.map(splitKey));
  return (open || everyHost) && served.connections.every((split) => allowedConnections.has(splitKey(split)));
}

function judge(
  expected: ExpectedRoute,
  view: ProxyView,
  served: Served | undefined,
  witness: number | undefined,
  restricted: boolean,
): Verdict {
  const { proxy, istiod } = view;
  const base = { proxy, istiod, serves: servedSplits(expected, view).map(splitText) };
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
