import { isMap } from '../../mesh/json';

/** One field that differs. `from` is absent for an added field, `to` for a removed one. */
export interface FieldChange {
  /** Such as `spec.http[0].route[1].weight`. */
  path: string;
  from?: unknown;
  to?: unknown;
}

/** A key that needs no quotes in a path. */
const plainKey = /^[^.[\]"]+$/;

/**
 * The fields in which an object differs, in the order of the object. Lists are compared entry by entry. The provider's
 * own annotations do not count, and for a Secret only the names of its keys are shown.
 */
export function fieldChanges(before: Record<string, unknown>, after: Record<string, unknown>): FieldChange[] {
  const changes = compare('', before, after);
  return after['kind'] === 'Secret' ? changes.map(concealed) : changes;
}

function compare(path: string, from: unknown, to: unknown): FieldChange[] {
  if (Object.is(from, to)) return [];
  if (isMap(from) && isMap(to)) {
    // The provider's own annotations begin like this, e.g. for the field manager and the first API version.
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter((key) => !key.startsWith('__'));
    return keys.flatMap((key) => compare(join(path, key), from[key], to[key]));
  }
  if (Array.isArray(from) && Array.isArray(to)) {
    const length = Math.max(from.length, to.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      compare(join(path, index), from[index], to[index]),
    );
  }
  if (from === undefined) return [{ path, to }];
  return to === undefined ? [{ path, from }] : [{ path, from, to }];
}

function join(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (!plainKey.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** Values that must not be read on a screen. */
function concealed(change: FieldChange): FieldChange {
  if (!/^(data|stringData)\b/.test(change.path)) return change;
  const { path, ...values } = change;
  return { path, ...Object.fromEntries(Object.keys(values).map((key) => [key, '(secret)'])) };
}
