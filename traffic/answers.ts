import type { Outcome } from './outcome';

/** Outcomes that no rule decides. */

export function noRoute(why: string): Outcome {
  return { kind: 'noRoute', status: 404, why };
}

export function reset(why: string): Outcome {
  return { kind: 'reset', why };
}

/** What becomes of requests to a host that the proxy does not know, by outboundTrafficPolicy. HTTP gets an answer only where an HTTP listener takes it. */
export function unknownHost(host: string, policy: 'ALLOW_ANY' | 'REGISTRY_ONLY', byHttpListener: boolean): Outcome {
  if (policy === 'ALLOW_ANY') {
    return { kind: 'passthrough', why: `${host} is not known to the proxy, and outboundTrafficPolicy is ALLOW_ANY` };
  }
  const why = `${host} is not known to the proxy, and outboundTrafficPolicy is REGISTRY_ONLY`;
  return byHttpListener ? { kind: 'blackHole', status: 502, why } : reset(why);
}
