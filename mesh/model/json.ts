/**
 * Reading values that nobody has validated yet. A value of the wrong type counts as absent, as it would if the API server had dropped it, so that one broken
 * object never hides what is to be said of the others.
 */
export type JsonMap = Record<string, unknown>;

/** `value` when it is a map, else an empty one. */
export function asMap(value: unknown): JsonMap {
  return isMap(value) ? value : {};
}

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `value` when it is a list, else an empty one. Entries stay as they are, so that indexes are those of the object. */
export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Text that says something: protobuf does not tell '' from absent. */
export function asName(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The texts in a list; other entries are left out. */
export function asTexts(value: unknown): string[] {
  return asList(value).filter((entry) => typeof entry === 'string');
}

/** The entries of a map whose value is a text. */
export function asTextMap(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asMap(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** A copy of a map without some of its keys. */
export function without(map: JsonMap, ...keys: string[]): JsonMap {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}
