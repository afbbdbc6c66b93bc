import type { ProxyView } from './proxy-view';
import { acknowledgement, type Verdict } from './verdict';

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
    const missing = destinations.map((name) => problem(name, view)).filter((text) => text !== undefined);
    const known = destinations.some((name) => knowsHost(name, view));
    if (!known) return { ...base, state: 'unconcerned' };
    if (missing.length > 0) {
      const witnessed = restricted && !destinations.some((name) => hasCluster(name, view));
      return { ...base, state: witnessed ? 'unsure' : 'lags', why: missing.join(', ') };
    }
    return { ...base, ...ready(view) };
  });
}

/** New clusters are sent first and their addresses, once the proxy asks for them, after; it takes a cluster into use when it has both. */
function ready(view: ProxyView): Pick<Verdict, 'state' | 'why'> {
  const { endpoints } = view.kinds;
  if (endpoints.sent !== undefined && !endpoints.acked)
    return { state: 'lags', why: 'has not acknowledged its endpoints' };
  return acknowledgement(view, ['clusters']);
}

function problem(name: string, view: ProxyView): string | undefined {
  const [host = '', subset = ''] = name.split('|');
  for (const whole of view.config.clusters.filter((cluster) => cluster.host === host && cluster.subset === '')) {
    const own = view.config.clusters.find(
      (cluster) => cluster.host === host && cluster.subset === subset && cluster.port === whole.port,
    );
    if (own === undefined) return `has no subset ${subset} of ${host} yet`;
    if ((whole.endpoints ?? 0) > 0 && (own.endpoints ?? 0) === 0) return `knows no address of ${subset} of ${host} yet`;
  }
  return undefined;
}

function knowsHost(name: string, { config }: ProxyView): boolean {
  const host = name.split('|')[0];
  return config.clusters.some((cluster) => cluster.host === host && cluster.subset === '');
}

function hasCluster(name: string, { config }: ProxyView): boolean {
  const [host = '', subset = ''] = name.split('|');
  return config.clusters.some((cluster) => cluster.host === host && cluster.subset === subset);
}
