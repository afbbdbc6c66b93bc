import type { ProxyView } from './proxy-view';
import type { Cluster } from './proxy-config';
import { notAsked, unacknowledged, type Verdict } from './verdict';

/**
 * Whether each proxy can already send requests to destinations that a route is about to name. Pure. A proxy that does not know the host at all will not route to it, and one whose whole service
 * has no address has nothing to lose.
 * @param destinations - as `destinationName` writes them
 * @param restricted - the DestinationRules are not for everybody (`exportTo`, `workloadSelector`), so that a proxy may rightly never get a subset
 */
export function judgeDestinations(
  destinations: readonly string[],
  views: readonly ProxyView[],
  restricted: boolean,
): Verdict[] {
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

function problem(name: string, clusters: readonly Cluster[]): string | undefined {
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

function knowsHost(name: string, clusters: readonly Cluster[]): boolean {
  const host = name.split('|')[0];
  return clusters.some((cluster) => cluster.host === host && cluster.subset === '');
}

function hasCluster(name: string, clusters: readonly Cluster[]): boolean {
  const [host = '', subset = ''] = name.split('|');
  return clusters.some((cluster) => cluster.host === host && cluster.subset === subset);
}
