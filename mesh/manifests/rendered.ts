import type { KubernetesObject } from './kubernetes';

/** An object and where in the stack file it comes from, so that whoever complains about it can say which key to change. */
export interface Rendered<T extends KubernetesObject = KubernetesObject> {
  object: T;
  /** Key in the stack file, e.g. `meshwright:routes.bookinfo.reviews`. */
  origin: string;
  /** Finer origins: path in the object, e.g. `spec.http[1]`, → key in the stack file. The longest that is a prefix of a path holds. */
  origins?: Record<string, string>;
}

/** The key in the stack file that `path` in a rendered object comes from. */
export function originOf({ origin, origins = {} }: Rendered, path: string): string {
  const prefixes = Object.keys(origins).filter(
    (prefix) => path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`),
  );
  const longest = prefixes.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? origin : (origins[longest] ?? origin);
}
