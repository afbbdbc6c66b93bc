/**
 * Readers for JSON of which nothing is certain. A rule must never throw, whatever the objects hold, so it reads through these: a value of the wrong kind
 * counts as absent (that it is wrong is object-schema's to say).
 */

/** An object's fields; none for anything that is not an object. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** The items of a list; none for anything that is not a list. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** The objects of a list with their positions, so that paths stay right when other items are not objects. */
export function records(value: unknown): { at: number; item: Readonly<Record<string, unknown>> }[] {
  return list(value).flatMap((item, at) =>
    typeof item === 'object' && item !== null && !Array.isArray(item) ? [{ at, item: record(item) }] : [],
  );
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The strings of a list. */
export function texts(value: unknown): string[] {
  return list(value).filter((item): item is string => typeof item === 'string');
}

/** A finite number. */
export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The entries of a map of strings, such as labels. */
export function labels(value: unknown): Map<string, string> {
  return new Map(
    Object.entries(record(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** The value below `keys`, or undefined as soon as one of them is not there. */
export function below(value: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (Object.hasOwn(record(inner), key) ? record(inner)[key] : undefined),
    value,
  );
}
