/** Who sees an object: everybody, nobody, or some namespaces (which hold the object's own when it is private). */
export type Visibility = '*' | '~' | ReadonlySet<string>;

/**
 * What a list `exportTo` means for an object of `namespace`. `*` wins over all else, `~` over the rest, `.` is the object's own namespace (istio
 * pilot/pkg/model/push_context.go, initVirtualServices). An empty list stands for `fallback`, the mesh's default.
 */
export function visibility(exportTo: readonly string[], namespace: string, fallback: readonly string[]): Visibility {
  const stated = exportTo.length > 0 ? exportTo : fallback;
  if (stated.includes('*')) return '*';
  if (stated.includes('~')) return '~';
  return new Set(stated.map((entry) => (entry === '.' ? namespace : entry)));
}

export function isVisible(seenBy: Visibility, namespace: string): boolean {
  return seenBy === '*' || (seenBy !== '~' && seenBy.has(namespace));
}
