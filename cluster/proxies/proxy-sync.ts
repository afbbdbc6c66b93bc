import * as z from 'zod';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { ProxyConfig } from './proxy-config';

/** How far a proxy is with one kind of configuration, by its istiod. */
interface SyncState {
  /** Nonce of the last push; undefined when the proxy does not ask for this kind. */
  sent?: string;
  /** Number of that push. */
  number?: number;
  /** Whether the proxy has acknowledged that push. */
  acked: boolean;
  /** Why the proxy refused it. */
  error?: string;
}

type XdsKind = 'clusters' | 'endpoints' | 'listeners' | 'routes';

/** A proxy that is connected to an istiod, and its sync status. */
export interface ProxySync {
  /** `<pod>.<namespace>` */
  proxy: string;
  /** `router` for a gateway; others are `sidecar`, `waypoint`, `ztunnel`. */
  type: string;
  kinds: Record<XdsKind, SyncState>;
}

const optionalString = z.string().optional();

const status = z.object({
  proxy: z.string(),
  proxy_type: optionalString,
  cluster_sent: optionalString,
  cluster_acked: optionalString,
  listener_sent: optionalString,
  listener_acked: optionalString,
  route_sent: optionalString,
  route_acked: optionalString,
  endpoint_sent: optionalString,
  endpoint_acked: optionalString,
  resources: z.record(z.string(), z.object({ lastError: optionalString })).optional(),
});

const xdsTypes = {
  clusters: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listeners: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  routes: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
};

/**
 * Reads istiod's `/debug/syncz` (Istio: pilot/pkg/xds/debug.go, `SyncStatus`).
 * @throws z.ZodError for anything else
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

/** A proxy, as its istiod and the proxy itself describe it. */
export interface ProxySyncView extends ProxySync {
  /** The istiod it is connected to. */
  istiod: string;
  /** Its own configuration dump; undefined when the proxy does not answer. */
  config?: ProxyConfig;
  /** Its last known configuration. */
  lastSeen?: ProxyConfig;
}

/** Number of the newest push to a proxy. */
export function newestPush({ kinds }: ProxySync): number | undefined {
  const numbers = Object.values(kinds).flatMap(({ number }) => number ?? []);
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

/** Why a proxy is not in sync with its istiod; undefined when it is. */
export function unacknowledged(view: ProxySyncView, kinds: readonly XdsKind[]): string | undefined {
  for (const kind of kinds) {
    const { acked, error } = view.kinds[kind];
    if (error !== undefined) return `refused its ${kind}: ${error}`;
    if (!acked) return `has not acknowledged its ${kind}`;
  }
  return undefined;
}

/** Length of the UUID that istiod appends to the version of a push to make a nonce (Istio: pilot/pkg/xds/discovery.go, `nonce`). */
const uuidLength = 36;

/**
 * Number of the push of a nonce; undefined for any other string. istiod writes the version of a push as `<time>/<number>`. The numbers of one istiod grow; those of two istiods cannot be compared.
 */
function nonceNumber(nonce: string | undefined): number | undefined {
  const digits = /\/(\d+)$/.exec(nonce?.slice(0, -uuidLength) ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

const configObjects = z.array(
  z.looseObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.looseObject({ name: z.string(), namespace: z.string().exactOptional() }),
    spec: z.record(z.string(), z.unknown()).exactOptional(),
  }),
);

/**
 * Reads the VirtualServices in istiod's `/debug/configz`.
 * @throws z.ZodError for anything else
 */
export function virtualServices(configz: unknown): KubernetesObject[] {
  return configObjects.parse(configz).filter(({ kind }) => kind === 'VirtualService');
}
