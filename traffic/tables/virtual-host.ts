import { compareText } from '../../model/creation-order';
import type { CompiledRoute } from '../rules/compiled';

/** One entry of a routing table: the routes for some hosts. */
export interface VirtualHost {
  /** Names and wildcards, in lower case. */
  domains: string[];
  /** The first that matches takes the request; none: 404. */
  routes: CompiledRoute[];
  /** Plain requests are redirected to https. */
  requiresTls: boolean;
}

/** The entry for a host as Envoy looks it up: the exact name, else the longest wildcard, which must stand for at least one character, else `*`. */
export function virtualHostFor<T>(host: string, byDomain: ReadonlyMap<string, T>): T | undefined {
  const exact = byDomain.get(host);
  if (exact !== undefined) return exact;
  for (const wildcard of wildcardsOver(host)) {
    const found = byDomain.get(wildcard);
    if (found !== undefined) return found;
  }
  return byDomain.get('*');
}

/** `*.b.c`, `*b.c` …: the wildcards that stand for a host, the longest first, `*` left out. */
export function* wildcardsOver(host: string): Generator<string> {
  for (let start = 1; start < host.length; start++) yield `*${host.slice(start)}`;
}

/** Table entries by domain, in a fixed order. */
export function sortedDomains(byDomain: ReadonlyMap<string, VirtualHost>): string[] {
  return [...byDomain.keys()].sort(compareText);
}
