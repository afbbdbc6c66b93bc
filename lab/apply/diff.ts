import { isMap, without } from '../../model/json';
import { PART_OF_LABEL } from './apply-set';
import type { FieldChange } from './types';

/** What the API server keeps about an object, which nobody configures. */
const bookkeeping = ['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp', 'selfLink'];
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** A key that needs no quotes in a path. */
const plainKey = /^[^.[\]"]+$/;

function join(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (!plainKey.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

function keysOf(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

function compare(path: string, from: unknown, to: unknown): FieldChange[] {
  if (Object.is(from, to)) return [];
  if (from === undefined) return [{ path, to }];
  if (to === undefined) return [{ path, from }];
  if (isMap(from) && isMap(to)) {
    return keysOf(from, to).flatMap((key) => compare(join(path, key), from[key], to[key]));
  }
  if (Array.isArray(from) && Array.isArray(to)) {
    const length = Math.max(from.length, to.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      compare(join(path, index), from[index], to[index]),
    );
  }
  return [{ path, from, to }];
}

function configured(object: object): Record<string, unknown> {
  const { metadata, ...rest } = without({ ...object }, 'status');
  if (!isMap(metadata)) return rest;
  const { labels, annotations, ...others } = without(metadata, ...bookkeeping);
  // Both are always maps here, so that losing the last label and losing one of many look alike.
  return {
    ...rest,
    metadata: {
      ...others,
      labels: isMap(labels) ? without(labels, PART_OF_LABEL) : {},
      annotations: isMap(annotations) ? without(annotations, LAST_APPLIED) : {},
    },
  };
}

/** Values that nobody should read on a screen. */
function concealed(change: FieldChange): FieldChange {
  if (!/^(data|stringData)\b/.test(change.path)) return change;
  const { path, ...values } = change;
  return { path, ...Object.fromEntries(Object.keys(values).map((key) => [key, '(secret)'])) };
}

/**
 * The configured fields in which an object will differ, in the order of the object. Lists are compared entry by entry. What the
 * API server notes by itself does not count, and of a Secret only the names of its keys are told.
 */
export function fieldChanges(live: object, wanted: object): FieldChange[] {
  const changes = compare('', configured(live), configured(wanted));
  return 'kind' in wanted && wanted.kind === 'Secret' ? changes.map(concealed) : changes;
}
