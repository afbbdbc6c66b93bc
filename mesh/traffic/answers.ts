import type { MeshService } from '../model/mesh-model';
import type { Outcome } from './outcome';

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
