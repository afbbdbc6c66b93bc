import type { Share } from './share';
import type { MeshService } from '../model/mesh-model';

/** Where a rule is written. */
export interface RuleRef {
  kind: string;
  namespace: string;
  name: string;
  /** E.g. `spec.http[0]`, with `.match[1]` when one of several matches decided. */
  path: string;
  /** Name of the route in the object. */
  route?: string;
}

/** One destination of a request: an Envoy cluster. */
export interface Destination {
  /** FQDN. */
  host: string;
  subset?: string;
  port: number;
}

export interface WeightedDestination extends Destination {
  share: Share;
  /**
   * Why all of its requests end in 503: the proxy has no such cluster, it has no pods, or the pods refuse the
   * connection.
   */
  missing?: string;
  /**
   * Parts of its requests that its pods refuse. If pods refuse all of them with 503, {@link missing} is set instead.
   */
  failures?: Failure[];
  /** True if {@link missing} closes a TCP or TLS connection, without an answer. */
  closed?: true;
  /** Facts about it that the input does not show. */
  unknown?: string;
  /** Header operations, in this order. In each, removals come first, then `set`, then `add`. */
  headers?: HeaderOperations[];
  /** Host header that this destination sees, when it differs. */
  authority?: string;
}

/** A part of the requests to a destination that fails. */
export interface Failure {
  share: Share;
  /** Undefined if the connection is closed without an answer. */
  status: 401 | 403 | 503 | undefined;
  why: string;
  /** The pods that refuse, as {@link Places} names them. */
  places: string[];
}

/** Header operations, with Istio's names. */
export interface HeaderOperations {
  request?: HeaderChanges;
  response?: HeaderChanges;
}

export interface HeaderChanges {
  set?: Record<string, string>;
  add?: Record<string, string>;
  remove?: string[];
}

export interface Retries {
  attempts: number;
  retryOn: string;
  perTryTimeout?: string;
}

export interface Fault {
  abort?: { share: Share; status?: number; grpcStatus?: string };
  delay?: { share: Share; duration: string };
}

/** The outcome of a request. Fields that do not apply are absent. */
export interface Outcome {
  /**
   * `routed`: to {@link destinations}. `redirect`, `response`: answered by the proxy. `noRoute`: 404. `passthrough`: to
   * the address that the client asked for, without any rules. `blackHole`: 502. `reset`: the connection is closed.
   * `unknown`: it depends on something that is not in the input, or not modelled.
   */
  kind: 'routed' | 'redirect' | 'response' | 'noRoute' | 'passthrough' | 'blackHole' | 'reset' | 'unknown';
  /** The reason in words; always present unless a rule routed the request. */
  why?: string;
  /** Things that can change the answer and are not modelled, or not in the input; absent if there are none. */
  unknown?: string[];
  /** Status of the proxy's own answer. */
  status?: number;
  rule?: RuleRef;
  destinations?: WeightedDestination[];
  /** The rule's rewrite, verbatim. */
  rewrite?: Record<string, unknown>;
  /** Path (with query) that the destination sees, when rewritten; only for one request. */
  path?: string;
  /** Host header that the destination sees, when rewritten. */
  authority?: string;
  /** Header operations for the proxy's own answer; otherwise see {@link destinations}. */
  headers?: HeaderOperations;
  /** E.g. `1s`; absent if there is none. */
  timeout?: string;
  retries?: Retries;
  fault?: Fault;
  mirrors?: (Destination & Pick<WeightedDestination, 'missing' | 'failures' | 'unknown'> & { share: Share })[];
  /** The rule's redirect, verbatim. */
  redirect?: Record<string, unknown>;
  /** Target of a redirect; only for one request. */
  location?: string;
  /** Body of a direct response. */
  body?: string;
}

/** Outcomes without a rule. */

/** Why no rule applies to a client without a proxy. */
export const noSidecar = 'the client has no sidecar, so no rule applies';

export function noRoute(why: string): Outcome {
  return { kind: 'noRoute', status: 404, why };
}

export function reset(why: string): Outcome {
  return { kind: 'reset', why };
}

/**
 * The outcome of requests to a host or port that the proxy does not know; outboundTrafficPolicy decides. HTTP requests
 * get an answer only from an HTTP listener.
 * @param what - e.g. `x.example.com is not known to the proxy`
 */
export function unknownHost(what: string, policy: 'ALLOW_ANY' | 'REGISTRY_ONLY', byHttpListener: boolean): Outcome {
  const why = `${what}, and outboundTrafficPolicy is ${policy}`;
  if (policy === 'ALLOW_ANY') return { kind: 'passthrough', why };
  return byHttpListener ? { kind: 'blackHole', status: 502, why } : reset(why);
}

/**
 * A connection that no filter chain of a listener takes: outboundTrafficPolicy decides whether it continues to its
 * original address or is closed.
 */
export function notTaken(why: string, policy: 'ALLOW_ANY' | 'REGISTRY_ONLY'): Outcome {
  return policy === 'ALLOW_ANY'
    ? { kind: 'passthrough', why: `${why}, and outboundTrafficPolicy is ALLOW_ANY` }
    : reset(why);
}

/** What the proxy does not know: the host, or only the port of a service. */
export function unknownWords(host: string, port: number, service: MeshService | undefined): string {
  if (service === undefined) return `${host} is not known to the proxy`;
  const ports = service.ports.map(({ number }) => number).join(', ');
  return `service ${service.hostname} has no port ${port}, only ${ports}`;
}
