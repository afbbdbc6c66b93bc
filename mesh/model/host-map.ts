import { isWildcard } from './host-name';

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
