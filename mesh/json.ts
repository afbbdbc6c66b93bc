/**
 * Reading JSON that is not validated yet. A value of the wrong type counts as absent, as if the API server had dropped it, so that one broken object never
 * hides findings on the others.
 */
export type JsonMap = Record<string, unknown>;

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether `value` is a map and not an instance of a class, such as a Pulumi Output. */
export function isPlainMap(value: unknown): value is JsonMap {
  if (!isMap(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** `value` when it is a map, else an empty one. */
export function asMap(value: unknown): JsonMap {
  return isMap(value) ? value : {};
}

/** `value` when it is a list, else an empty one. No entry is left out, so that indexes stay right. */
export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The maps in a list with their indexes in it. */
export function indexedMaps(value: unknown): { at: number; item: JsonMap }[] {
  return asList(value).flatMap((item, at) => (isMap(item) ? [{ at, item }] : []));
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `value` when it is a non-empty string, since protobuf treats '' as absent. */
export function asName(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The strings in a list; other entries are left out. */
export function asStrings(value: unknown): string[] {
  return asList(value).filter((entry) => typeof entry === 'string');
}

/** The entries of a map whose value is a string. */
export function asStringMap(value: unknown): Record<string, string> {
  const map = asMap(value);
  if (Object.values(map).every((entry) => typeof entry === 'string')) return { ...map } as Record<string, string>;
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** The value below `keys`; undefined if one of them is missing. */
export function valueAt(value: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (Object.hasOwn(asMap(inner), key) ? asMap(inner)[key] : undefined),
    value,
  );
}

/** A copy of a map without some of its keys. */
export function without(map: JsonMap, ...keys: string[]): JsonMap {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}

/** JSON with sorted keys: two values have the same canonical JSON exactly when they are equal. */
export function canonical(value: unknown): string {
  return JSON.stringify(withSortedKeys(value));
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (!isPlainMap(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, withSortedKeys(value[key])]),
  );
}

export function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}
