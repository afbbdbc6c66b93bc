/** A key of a map, or an index of a list. */
export type Key = string | number;

/** The namespace of Meshwright's keys in a stack file. */
export const configNamespace = 'meshwright';

const plainKey = /^[^.[\]"]+$/;
const step = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.[\]]+)/gy;

/**
 * The name of a place in a stack file, as `pulumi config set --path` takes it:
 * `meshwright:routes.bookinfo.reviews.http[0]`; keys with dots, brackets or quotes are written as `["…"]`.
 * @param keys - from the section down; none for the file as a whole, which is ''
 */
export function keyPath(keys: readonly Key[]): string {
  const [section, ...rest] = keys;
  if (section === undefined) return '';
  const below = rest.map((key) => {
    if (typeof key === 'number') return `[${key}]`;
    return plainKey.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  return `${configNamespace}:${section}${below.join('')}`;
}

/** The inverse of {@link keyPath}: keys from the section down. */
export function parseKeyPath(path: string): Key[] {
  const own = path.startsWith(`${configNamespace}:`) ? path.slice(configNamespace.length + 1) : path;
  return [...own.matchAll(step)].map(([, quoted, index, plain]): Key => {
    if (quoted !== undefined) return JSON.parse(`"${quoted}"`) as string;
    return index === undefined ? (plain ?? '') : Number(index);
  });
}

/**
 * Whether `pattern` matches `keys`, or something below them. In a pattern `*` matches any key, and a final `**`
 * everything below.
 */
export function covers(keys: readonly Key[], pattern: readonly Key[]): boolean {
  if (keys.length > pattern.length && pattern.at(-1) !== '**') return false;
  return keys.every((key, index) => {
    const wanted = pattern[index] ?? '**';
    return wanted === '*' || wanted === '**' || String(wanted) === String(key);
  });
}

/** The value at `keys`; undefined if there is no such key. */
export function valueAt(root: unknown, keys: readonly Key[]): unknown {
  return keys.reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Record<Key, unknown>)[key];
  }, root);
}
