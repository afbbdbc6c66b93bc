import type { Share } from './share';
import type { MeshService } from '../model/mesh-model';

/** Where a rule is written. */
export interface RuleRef {
  kind: string;
  namespace: string;
  name: string;
  /** E.g. `spec.http[0]`, with `.match[1]` when one of several matches decided. */
  path: string;
  /** Name that the route bears in the object. */
  route?: string;
}

/** One place that a request may go to: Envoy's cluster. */
export interface Destination {
  /** FQDN. */
  host: string;
  subset?: string;
  port: number;
}

export interface WeightedDestination extends Destination {
  share: Share;
  /** Why all of its requests end in 503: the proxy has no such cluster, no pod is behind it, or the pods refuse the connection. */
  missing?: string;
  /** Parts of its requests that its pods refuse; never all of them with 503, which is {@link missing}. */
  failures?: Failure[];
  /** {@link missing} closes a connection of TCP or TLS, in place of an answer. */
  closed?: true;
  /** What the input does not say of it. */
  unknown?: string;
  /** What is done to headers, in this order: of each, removals come first, then `set`, then `add`. */
  headers?: HeaderOperations[];
  /** Host header that this destination sees, when it differs. */
  authority?: string;
}

/** A part of the requests to a destination that fails. */
export interface Failure {
  share: Share;
  /** Undefined: the connection is closed in place of an answer. */
  status: 401 | 403 | 503 | undefined;
  why: string;
  /** The pods that refuse, as {@link Places} names them. */
  places: string[];
}

/** What is done to headers, in Istio's words. */
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

/** What becomes of a request. Fields that do not apply are absent. */
export interface Outcome {
  /**
   * `routed`: to {@link destinations}. `redirect`, `response`: answered by the proxy. `noRoute`: 404. `passthrough`: to the address that the client asked for,
   * past all rules. `blackHole`: 502. `reset`: the connection is closed. `unknown`: the objects do not say, or the model does not follow what decides.
   */
  kind: 'routed' | 'redirect' | 'response' | 'noRoute' | 'passthrough' | 'blackHole' | 'reset' | 'unknown';
  /** Why, in words; always there unless routed by a rule. */
  why?: string;
  /** What can change the answer and is not followed, or not in the input; absent: nothing. */
  unknown?: string[];
  /** Status of an answer that the proxy gives itself. */
  status?: number;
  rule?: RuleRef;
  destinations?: WeightedDestination[];
  /** The rule's rewrite, verbatim. */
  rewrite?: Record<string, unknown>;
  /** Path (with query) that the destination sees, when rewritten; only for one request. */
  path?: string;
  /** Host header that the destination sees, when rewritten. */
  authority?: string;
  /** What is done to the headers of an answer that the proxy gives itself; see {@link destinations} otherwise. */
  headers?: HeaderOperations;
  /** E.g. `1s`; absent: none. */
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

/** Outcomes that no rule decides. */

/** Why no rule applies to a client without a proxy. */
export const noSidecar = 'the client has no sidecar, so no rule applies';

export function noRoute(why: string): Outcome {
  return { kind: 'noRoute', status: 404, why };
}

export function reset(why: string): Outcome {
  return { kind: 'reset', why };
}

/**
 * What becomes of requests to a host or port that the proxy does not know, by outboundTrafficPolicy. HTTP gets an answer only where an HTTP listener takes it.
 * @param what - e.g. `x.example.com is not known to the proxy`
 */
export function unknownHost(what: string, policy: 'ALLOW_ANY' | 'REGISTRY_ONLY', byHttpListener: boolean): Outcome {
  const why = `${what}, and outboundTrafficPolicy is ${policy}`;
  if (policy === 'ALLOW_ANY') return { kind: 'passthrough', why };
  return byHttpListener ? { kind: 'blackHole', status: 502, why } : reset(why);
}

/** A connection that no filter chain of a listener takes: it goes on to the address asked for, or is closed, by outboundTrafficPolicy. */
export function notTaken(why: string, policy: 'ALLOW_ANY' | 'REGISTRY_ONLY'): Outcome {
  return policy === 'ALLOW_ANY'
    ? { kind: 'passthrough', why: `${why}, and outboundTrafficPolicy is ALLOW_ANY` }
    : reset(why);
}

/** What the proxy lacks: the whole host, or only the port of a service. */
export function unknownWords(host: string, port: number, service: MeshService | undefined): string {
  if (service === undefined) return `${host} is not known to the proxy`;
  const ports = service.ports.map(({ number }) => number).join(', ');
  return `service ${service.hostname} has no port ${port}, only ${ports}`;
}
