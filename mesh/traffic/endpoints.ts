import { type Endpoints, endpointsOf, formatLabels } from '../model/endpoints';
import type { MeshModel, MeshService, MeshWorkload } from '../model/mesh-model';
import { handshake } from '../model/mutual-tls';
import { isAssumed } from './assumed';
import type { Destination, Outcome } from './outcome';
import { fraction, share, type Share } from './share';
import { placeWords } from './words';

/**
 * What a proxy knows about services: enough to find the Envoy cluster of a rule's destination, and whether the proxy
 * has it.
 */
export interface ProxyView {
  /** `none`: a client without a proxy. */
  proxy: 'sidecar' | 'gateway' | 'none';
  namespace: string;
  labels: Record<string, string>;
  /** The service that the proxy sends to for a FQDN. */
  service(host: string): MeshService | undefined;
  /** The service that decides the port of a destination that states none. */
  portService(host: string, ruleNamespace: string, listenerPort: number): MeshService | undefined;
}

/**
 * The places where the requests of a destination end, with their parts: `namespace/workload|port`, `address|port`, or
 * `host|subset|port|labels` if no pods are known.
 */
export type Places = (destination: Destination) => [string, Share][];

/** One place behind a destination. */
export interface Place {
  name: string;
  share: Share;
  workload?: MeshWorkload;
  /** How the client connects to it. */
  connection: EndpointConnection;
}

/** The connection between a client's proxy and the proxy of a workload. */
export interface EndpointConnection {
  /** Mutual TLS, which tells the server the client's identity. */
  mutual: boolean;
  /** Why the server does not accept the connection. */
  refused?: string;
  /** Words of a retry policy's `retryOn`, any of which sends refused requests to another pod. */
  retriedOn?: readonly string[];
  /** Why that is unknown. */
  unknown?: string;
}

/** The endpoints behind a destination for the clients of a view; `none` is the reason if there are none. */
export interface Reach {
  places: Place[];
  none?: string;
}

const known = new WeakMap<ProxyView, Map<string, Reach>>();

/**
 * The workloads behind a destination, each with the part of its pods, since proxies spread requests evenly over endpoints. A destination without known workloads
 * (or with an unknown number of pods) is a separate place.
 */
export function placesOf(model: MeshModel, view: ProxyView): Places {
  return (destination) => reach(model, view, destination).places.map(({ name, share: part }) => [name, part]);
}

export function reach(model: MeshModel, view: ProxyView, destination: Destination): Reach {
  const byDestination = known.get(view) ?? new Map<string, Reach>();
  known.set(view, byDestination);
  const { host, subset = '', port } = destination;
  const key = `${host}|${subset}|${port}`;
  const found = byDestination.get(key) ?? reachAnew(model, view, destination);
  byDestination.set(key, found);
  return found;
}

function reachAnew(model: MeshModel, view: ProxyView, { host, subset, port }: Destination): Reach {
  const named = `${host}|${subset ?? ''}|${port}`;
  const service = view.service(host);
  if (service === undefined) return { places: [{ name: named, share: '1', connection: { mutual: false } }] };
  const rule =
    subset === undefined ? undefined : model.destinationRules.forService(service, view.namespace, view.labels);
  const labels = rule?.subsets.find(({ name }) => name === subset)?.labels;
  const isOpen = subset !== undefined && labels === undefined;
  const found: Endpoints =
    isAssumed(service.source) || isOpen
      ? { is: 'unknown', why: '' }
      : endpointsOf(model, service, { ...(labels && { labels }), port });
  if (found.is === 'none') return { places: [], none: found.why };
  if (found.is === 'unknown') {
    const wanted = formatLabels({ ...service.selector, ...labels });
    return { places: [{ name: `${named}|${wanted}`, share: '1', connection: { mutual: false } }] };
  }
  const all = [
    ...found.workloads.map(({ workload, replicas }) => ({
      name: `${workload.namespace}/${workload.name}|${port}`,
      pods: replicas ?? NaN,
      workload,
      connection: connect(model, view, { service, subset, port }, workload),
    })),
    ...found.addresses.map(({ address, weight }) => ({
      name: address === service.hostname ? named : `${address}|${port}`,
      pods: weight ?? 1,
      connection: { mutual: false },
    })),
  ];
  const total = all.length === 1 ? 1 : all.reduce((sum, { pods }) => sum + pods, 0);
  if (!Number.isInteger(total) || total === 0) return { places: [undivided(all, port)] };
  return {
    places: all.map(({ pods, ...place }) => ({ ...place, share: all.length === 1 ? '1' : share(pods, total) })),
  };
}

/** Workloads with unknown numbers of pods are one place together. */
function undivided(all: readonly Omit<Place, 'share'>[], port: number): Place {
  const [first] = all;
  const same = all.every(
    ({ connection }) =>
      connection.refused === first?.connection.refused && connection.mutual === first?.connection.mutual,
  );
  const names = all.map(({ name }) => name.slice(0, name.lastIndexOf('|'))).sort();
  const name = `${names.join(' and ')}|${port}`;
  const connection = same && first !== undefined ? first.connection : undefined;
  return {
    name,
    share: '1',
    connection: connection ?? { mutual: false, unknown: 'how many pods each of the workloads has' },
    ...(first?.workload && { workload: first.workload }),
  };
}

/** Whether a workload accepts the connections that the clients of a view make. */
function connect(
  model: MeshModel,
  view: ProxyView,
  { service, subset, port }: { service: MeshService; subset: string | undefined; port: number },
  workload: MeshWorkload,
): EndpointConnection {
  const client = { proxy: view.proxy, namespace: view.namespace, labels: view.labels };
  const { sent, result, rule, policy, doubt } = handshake(model, client, service, { port, subset }, workload);
  const mutual = sent === 'mutual';
  if (result === 'accepted') return { mutual };
  if (doubt !== undefined) return { mutual, unknown: doubt };
  const server = `${workload.kind} ${workload.namespace}/${workload.name}`;
  const sends = { plaintext: 'plaintext', tls: 'its own TLS', mutual: 'mutual TLS' }[sent];
  const client2 = rule === undefined ? 'the client' : `DestinationRule ${rule.namespace}/${rule.name}`;
  if (result === 'unknown') return { mutual, unknown: `whether ${server} takes ${sends}, which ${client2} sends` };
  const decidedBy = policy === undefined ? '' : ` (PeerAuthentication ${policy.namespace}/${policy.name})`;
  const takes =
    sent === 'mutual'
      ? workload.proxy === 'none'
        ? 'has no sidecar'
        : `accepts no mutual TLS${decidedBy}`
      : `accepts mutual TLS only${decidedBy}`;
  const who = view.proxy === 'none' ? 'the client has no sidecar' : `${client2} sends ${sends}`;
  return {
    mutual,
    refused: `${server} ${takes}, and ${who}`,
    retriedOn: sent === 'plaintext' ? retriedResets : ['connect-failure', ...retriedResets],
  };
}

/**
 * A failed TLS handshake counts as a connection that failed; a server that closes a plaintext connection does so after
 * the request (envoy source/common/router/retry_state_impl.cc, wouldRetryFromReset).
 */
const retriedResets = ['reset', '5xx', 'gateway-error'];

/** The port of a workload's pods behind a port of a service. */
export function podPort(service: MeshService, workload: MeshWorkload, port: number): number {
  const target = service.ports.find(({ number }) => number === port)?.targetPort ?? port;
  return typeof target === 'number' ? target : (workload.ports.find(({ name }) => name === target)?.number ?? port);
}

/** Parts of the requests by where they end: `namespace/workload|port`, an answer of the proxy, an injected error. */
export function endsOf(outcome: Outcome, placesOf: Places): Map<string, Share> {
  const aborted = outcome.fault?.abort?.share ?? '0';
  const rest = fraction('1').sub(fraction(aborted));
  const places = new Map<string, Share>();
  const closed = placeWords({ kind: 'reset' });
  const add = (place: string, part: Share): void => {
    const sum = fraction(places.get(place) ?? '0').add(fraction(part));
    if (sum.gt(0)) places.set(place, share(sum));
  };
  add(`abort ${outcome.fault?.abort?.status ?? outcome.fault?.abort?.grpcStatus ?? ''}`, aborted);
  if (outcome.kind === 'routed') {
    for (const destination of outcome.destinations ?? []) {
      const all = fraction(destination.share).mul(rest);
      if (destination.missing !== undefined) {
        add(destination.closed === true ? closed : '503', share(all));
        continue;
      }
      for (const [place, part] of placesOf(destination)) {
        const failure = destination.failures?.find(({ places: failing }) => failing.includes(place));
        add(failure === undefined ? place : String(failure.status ?? closed), share(all.mul(fraction(part))));
      }
    }
  } else {
    add(placeWords(outcome), share(rest));
  }
  return places;
}
