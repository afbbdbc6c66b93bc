/** What a table keyed by hosts has for a host, as Envoy looks it up: the exact name, else the longest wildcard, which must stand for at least one character, else `*`. */
export function mostSpecific<T>(host: string, find: (domain: string) => T | undefined): T | undefined {
  for (const domain of [host, ...wildcardsOver(host), '*']) {
    const found = find(domain);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `*.b.c`, `*b.c` …: the wildcards that stand for a host, the longest first, `*` left out. */
export function* wildcardsOver(host: string): Generator<string> {
  for (let start = 1; start < host.length; start++) yield `*${host.slice(start)}`;
}
