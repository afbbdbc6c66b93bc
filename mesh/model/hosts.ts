/**
 * Host names as istiod compares them (istio pkg/config/host): a wildcard is a name that starts with `*`, and what follows must be the end of the other name.
 */

export function isWildcard(host: string): boolean {
  return host.startsWith('*');
}

/** Whether two hosts have names in common; either may be a wildcard. */
export function hostsOverlap(a: string, b: string): boolean {
  return isHostWithin(a, b) || isHostWithin(b, a);
}

/** Whether every name that `host` stands for is one that `outer` stands for: `*.a.com` is within `*.com`, and `a.com` within `a.com`. */
export function isHostWithin(host: string, outer: string): boolean {
  if (!isWildcard(outer)) return host === outer;
  if (!isWildcard(host)) return host.endsWith(outer.slice(1));
  return host.length >= outer.length && host.slice(1).endsWith(outer.slice(1));
}

/** Order of specificity, the most specific first: exact names before wildcards, then the longest, then by alphabet. */
export function compareSpecificity(a: string, b: string): number {
  if (isWildcard(a) !== isWildcard(b)) return isWildcard(a) ? 1 : -1;
  if (a.length !== b.length) return b.length - a.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The hosts that both lists stand for, each as the narrower of the two that meet, without repetition. */
export function hostIntersection(hosts: readonly string[], others: readonly string[]): string[] {
  const met = hosts.flatMap((host) =>
    others.flatMap((other) => (isHostWithin(host, other) ? [host] : isHostWithin(other, host) ? [other] : [])),
  );
  return [...new Set(met)];
}

/**
 * A host as the FQDN it stands for in an object of `namespace`: a name without a dot is a Service of that namespace. `*`, IP addresses and anything with a dot
 * stay as they are (istio pilot/pkg/model/config.go, ResolveShortnameToFQDN).
 */
export function resolveHost(host: string, namespace: string, domain: string): string {
  if (host === '' || host === '*' || host.includes('.') || host.includes(':')) return host;
  return `${host}.${namespace}.svc.${domain}`;
}

/** The FQDN that a client's name for a Service stands for: `a` of its own namespace, `a.b`, `a.b.svc`; undefined for any other name. */
export function serviceFqdn(name: string, namespace: string, domain: string): string | undefined {
  const parts = name.split('.');
  if (parts.length === 1) return `${name}.${namespace}.svc.${domain}`;
  if (parts.length === 2) return `${name}.svc.${domain}`;
  return parts.length === 3 && parts[2] === 'svc' ? `${name}.${domain}` : undefined;
}

/** Values by host, exact or wildcard. To be made empty: Map's own constructor cannot note what it is given. */
export class HostMap<Value> extends Map<string, Value> {
  private hasWildcards = false;

  override set(host: string, value: Value): this {
    this.hasWildcards ||= isWildcard(host);
    return super.set(host, value);
  }

  /**
   * The most specific of the hosts that stands for `host`, or undefined. Walks the endings of `host`, longest first, so the cost does not depend on the number of hosts; where none of them is a
   * wildcard, as in most meshes, there is nothing to walk for.
   */
  mostSpecific(host: string): string | undefined {
    if (this.has(host)) return host;
    if (!this.hasWildcards) return undefined;
    const name = isWildcard(host) ? host.slice(1) : host;
    for (let start = 0; start <= name.length; start++) {
      const wildcard = `*${name.slice(start)}`;
      if (this.has(wildcard)) return wildcard;
    }
    return undefined;
  }
}
