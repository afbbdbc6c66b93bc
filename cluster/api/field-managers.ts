import { asMap, isMap, without, type JsonMap } from '../../mesh/json';
import { apiGroup, fieldManagerAnnotation, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { LiveObject, ManagedFields } from './kubernetes-api';

/**
 * Moves the fields of other managers to a manager of the stack, so that the next apply meets no conflicts, and removes what the stack file no longer states. Only managers of fields that the stack states
 * are moved: a controller that adds other fields keeps them.
 * @returns the new entries, and the former managers; undefined when there is nothing to move
 */
export function movedFields(
  stated: KubernetesObject,
  live: LiveObject,
  manager: string,
): { entries: ManagedFields[]; from: string[] } | undefined {
  const entries = live.metadata.managedFields ?? [];
  const isOwn = (entry: ManagedFields): boolean => isAppliedEntry(entry, manager);
  const isMoved = (entry: ManagedFields): boolean => !isOwn(entry) && ownsStated(entry, stated);
  const moved = entries.filter(isMoved);
  if (moved.length === 0) return undefined;
  const fieldsV1 = [...entries.filter(isOwn), ...moved].reduce<JsonMap>(
    (all, one) => union(all, one.fieldsV1 ?? {}),
    {},
  );
  const own: ManagedFields = {
    manager,
    operation: 'Apply',
    apiVersion: stated.apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...(moved[0]?.time === undefined ? {} : { time: moved[0].time }),
  };
  return {
    entries: [...entries.filter((entry) => !isOwn(entry) && !isMoved(entry)), own],
    from: [...new Set(moved.map((entry) => entry.manager ?? 'unknown'))].sort(),
  };
}

/** Whether a field manager has applied an object. A copied manifest does not have this. */
export function isAppliedBy({ metadata }: LiveObject, manager: string): boolean {
  return (metadata.managedFields ?? []).some((entry) => isAppliedEntry(entry, manager));
}

function isAppliedEntry(entry: ManagedFields, manager: string): boolean {
  return entry.manager === manager && entry.operation === 'Apply';
}

function ownsStated({ subresource = '', fieldsV1 }: ManagedFields, stated: KubernetesObject): boolean {
  return subresource === '' && hasStated(fieldsV1, stated);
}

/** kubectl's copy of the object that it has applied. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** API groups of Kubernetes itself, whose API server fills in fields that a manager then owns, too. */
const hasDefaults = /^(?:|apps|batch|autoscaling|policy|[\w.-]+\.k8s\.io)$/;

/**
 * The live fields that the first apply of the stack would remove: managers whose fields it takes over have stated them,
 * and the stack does not.
 * @returns paths of keys
 */
export function unstatedFields(stated: KubernetesObject, live: LiveObject, manager: string): string[][] {
  const { annotations = {}, managedFields = [] } = live.metadata;
  const applied = annotations[lastApplied];
  const fieldsOf = (entry: ManagedFields): JsonMap => {
    if (entry.operation === 'Apply') return entry.fieldsV1 ?? {};
    if (applied !== undefined && entry.manager === 'kubectl-client-side-apply') return asFields(asObject(applied));
    return hasDefaults.test(apiGroup(live.apiVersion)) ? {} : (entry.fieldsV1 ?? {});
  };
  const taken = managedFields.filter((entry) => isAppliedEntry(entry, manager) || ownsStated(entry, stated));
  const all = taken.map(fieldsOf).reduce<JsonMap>(union, {});
  const fields = without(all, 'f:status', 'f:apiVersion', 'f:kind');
  return unstated(fields, stated, live).filter(([, , key]) => key !== lastApplied && key !== fieldManagerAnnotation);
}

function unstated(fields: JsonMap, stated: unknown, live: unknown): string[][] {
  return Object.entries(fields).flatMap(([field, below]): string[][] => {
    if (!field.startsWith('f:')) return [];
    const key = field.slice(2);
    const [wanted, is] = [asMap(stated)[key], asMap(live)[key]];
    if (isNothing(is)) return [];
    if (isMap(wanted)) return unstated(asMap(below), wanted, is).map((path) => [key, ...path]);
    const inner = unstated(asMap(below), {}, is);
    if (wanted !== undefined) return [];
    return inner.length > 0 ? inner.map((path) => [key, ...path]) : [[key]];
  });
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (isMap(value) && Object.keys(value).length === 0);
}

function asObject(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}

/** An object in the form of managed fields, without empty values. */
function asFields(value: unknown): JsonMap {
  const fields = Object.entries(asMap(value)).filter(([, below]) => !isNothing(below));
  return Object.fromEntries(fields.map(([key, below]) => [`f:${key}`, asFields(below)]));
}

/** Whether an object states one of these fields. Entries of lists are not distinguished. */
function hasStated(fields: JsonMap = {}, stated: unknown): boolean {
  return Object.entries(fields).some(([key, below]) => {
    if (key === '.') return false;
    if (!key.startsWith('f:')) return true;
    const value = asMap(stated)[key.slice(2)];
    if (value === undefined) return false;
    const inner = asMap(below);
    return Object.keys(inner).length === 0 || hasStated(inner, value);
  });
}

function union(a: JsonMap, b: JsonMap): JsonMap {
  const merged: JsonMap = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const other = merged[key];
    merged[key] = isMap(other) && isMap(value) ? union(other, value) : value;
  }
  return merged;
}
