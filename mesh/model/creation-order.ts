import type { KubernetesObject } from '../manifests/kubernetes';
import { asMap, asName, asText } from './json';

/**
 * Sorts as istiod does wherever the oldest object wins: by creation time, then name, then namespace (istio pilot/pkg/model/config.go,
 * sortConfigByCreationTime). An object without a creation time is still to be created, so it comes after those that have one.
 */
export function inCreationOrder<T extends KubernetesObject>(objects: readonly T[]): T[] {
  return [...objects].sort(compareCreation);
}

export function compareCreation(a: KubernetesObject, b: KubernetesObject): number {
  return (
    creationTime(a) - creationTime(b) ||
    compareText(a.metadata.name, b.metadata.name) ||
    compareText(asName(a.metadata.namespace) ?? 'default', asName(b.metadata.namespace) ?? 'default')
  );
}

/** Seconds since the epoch; the largest number for an object that is not there yet. */
function creationTime(object: KubernetesObject): number {
  const stamp = asText(asMap(object.metadata)['creationTimestamp']);
  const milliseconds = stamp === undefined ? NaN : Date.parse(stamp);
  return Number.isNaN(milliseconds) ? Number.MAX_SAFE_INTEGER : Math.floor(milliseconds / 1000);
}

/** Order by code unit, the same on every machine whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
