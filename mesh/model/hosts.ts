/**
 * Host names, matched as in istiod (istio pkg/config/host): a wildcard is a name that starts with `*` and matches every name with the same ending.
 */

export function isWildcard(host: string): boolean {
  return host.startsWith('*');
}

/** Whether some name matches both hosts; both may be wildcards. */
export function hostsOverlap(a: string, b: string): boolean {
  return isHostWithin(a, b) || isHostWithin(b, a);
}

/** Whether every name that matches `host` matches `outer`: `*.a.com` is within `*.com`, and `a.com` within `a.com`. */
export function isHostWithin(host: string, outer: string): boolean {
  if (!isWildcard(outer)) return host === outer;
  if (!isWildcard(host)) return host.endsWith(outer.slice(1));
  return host.length >= outer.length && host.slice(1).endsWith(outer.slice(1));
}

/** Sorts the most specific host first: exact names before wildcards, then by length, then by alphabet. */
export function compareSpecificity(a: string, b: string): number {
  if (isWildcard(a) !== isWildcard(b)) return isWildcard(a) ? 1 : -1;
  if (a.length !== b.length) return b.length - a.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The hosts that match both lists: the narrower one of each overlapping pair, without duplicates. */
export function hostIntersection(hosts: readonly string[], others: readonly string[]): string[] {
  const met = hosts.flatMap((host) =>
    others.flatMap((other) => (isHostWithin(host, other) ? [host] : isHostWithin(other, host) ? [other] : [])),
  );
  return [...new Set(met)];
}

/**
 * The FQDN of a host that an object of `namespace` names: a name without a dot is a Service of that namespace. `*`, IP addresses and names with a dot stay the
 * same (istio pilot/pkg/model/config.go, ResolveShortnameToFQDN).
 */
export function resolveHost(host: string, namespace: string, domain: string): string {
  if (host === '' || host === '*' || host.includes('.') || host.includes(':')) return host;
  return `${host}.${namespace}.svc.${domain}`;
}

/** The FQDN of a Service by the name that a client of `namespace` uses: `a`, `a.b` or `a.b.svc`; undefined for any other name. */
export function serviceFqdn(name: string, namespace: string, domain: string): string | undefined {
  const parts = name.split('.');
  if (parts.length === 1) return `${name}.${namespace}.svc.${domain}`;
  if (parts.length === 2) return `${name}.svc.${domain}`;
  return parts.length === 3 && parts[2] === 'svc' ? `${name}.${domain}` : undefined;
}

/** Values by host, exact or wildcard. Create it empty: the Map constructor bypasses set(). */
export class HostMap<Value> extends Map<string, Value> {
  private hasWildcards = false;

  override set(host: string, value: Value): this {
    this.hasWildcards ||= isWildcard(host);
    return super.set(host, value);
  }

  /**
   * The most specific host of the map that matches `host`. It tries the endings of `host`, longest first, so that the cost does not depend on the number of hosts;
   * without wildcards, as in most meshes, it tries none.
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
