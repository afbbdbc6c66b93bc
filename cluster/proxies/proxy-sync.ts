import { z } from 'zod';
import { nonceNumber } from './nonce';

/** What istiod knows of one kind of configuration of one proxy. */
export interface SyncState {
  /** Nonce of what was sent last; undefined when the proxy does not ask for this kind. */
  sent?: string;
  /** Number of the push it was sent with. */
  number?: number;
  /** Whether the proxy has acknowledged just that. */
  acked: boolean;
  /** Why the proxy refused it. */
  error?: string;
}

export type XdsKind = 'clusters' | 'endpoints' | 'listeners' | 'routes';

/** One proxy that is connected to an istiod, and how far it is. */
export interface ProxySync {
  /** `<pod>.<namespace>` */
  proxy: string;
  /** `router` for a gateway; others are `sidecar`, `waypoint`, `ztunnel`. */
  type: string;
  kinds: Record<XdsKind, SyncState>;
}

const optionalText = z.string().optional();

const status = z.object({
  proxy: z.string(),
  proxy_type: optionalText,
  cluster_sent: optionalText,
  cluster_acked: optionalText,
  listener_sent: optionalText,
  listener_acked: optionalText,
  route_sent: optionalText,
  route_acked: optionalText,
  endpoint_sent: optionalText,
  endpoint_acked: optionalText,
  resources: z.record(z.string(), z.object({ lastError: optionalText })).optional(),
});

const xdsTypes = {
  clusters: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listeners: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  routes: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
};

/**
 * Reads istiod's `/debug/syncz` (Istio: pilot/pkg/xds/debug.go, `SyncStatus`).
 * @throws z.ZodError when it is no such answer.
 */
export function proxySyncs(syncz: unknown): ProxySync[] {
  return z
    .array(status)
    .parse(syncz)
    .map((one) => {
      const error = (kind: XdsKind): string | undefined => one.resources?.[xdsTypes[kind]]?.lastError;
      return {
        proxy: one.proxy,
        type: one.proxy_type ?? 'sidecar',
        kinds: {
          clusters: state(one.cluster_sent, one.cluster_acked, error('clusters')),
          endpoints: state(one.endpoint_sent, one.endpoint_acked, error('endpoints')),
          listeners: state(one.listener_sent, one.listener_acked, error('listeners')),
          routes: state(one.route_sent, one.route_acked, error('routes')),
        },
      };
    });
}

function state(sent: string | undefined, acked: string | undefined, error: string | undefined): SyncState {
  const number = nonceNumber(sent);
  return {
    ...(sent === undefined ? {} : { sent }),
    ...(number === undefined ? {} : { number }),
    acked: sent === acked,
    ...(error === undefined || error === '' ? {} : { error }),
  };
}
