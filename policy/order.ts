import { objectKey, type KubernetesObject } from '../mesh/manifests/kubernetes';
import type { Finding } from './finding';
import { canonical } from '../mesh/model/canonical';

/** By namespace, kind, name, path, rule, message, level: the order in which findings are always listed. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    compareText(a.namespace, b.namespace) ||
    compareText(a.kind, b.kind) ||
    compareText(a.name, b.name) ||
    comparePaths(a.path, b.path) ||
    compareText(a.rule, b.rule) ||
    compareText(a.message, b.message) ||
    compareText(a.level, b.level)
  );
}

/** The objects by what they are, never by where they stood, so that no rule can depend on the order in which a caller lists them. */
export function sortedObjects(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return objects
    .map((object) => ({ object, key: keyOf(object) }))
    .sort((a, b) => compareText(a.key, b.key) || compareText(canonical(a.object), canonical(b.object)))
    .map(({ object }) => object);
}

/** What an object is. Its name may be anything yet, and some things cannot be made a text, such as a map with a field `toString`. */
function keyOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const { namespace, name } = metadata as { namespace?: unknown; name?: unknown };
  const [place, own] = [namespace ?? '', name].map((part) => (typeof part === 'string' ? part : canonical(part)));
  return objectKey({ apiVersion, kind, metadata: { namespace: place ?? '', name: own ?? '' } });
}

/** By UTF-16 code unit: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Text order, except that `route[2]` comes before `route[10]`. */
function comparePaths(a: string, b: string): number {
  return compareText(a.replace(/\d+/g, padded), b.replace(/\d+/g, padded)) || compareText(a, b);
}

function padded(digits: string): string {
  return digits.padStart(9, '0');
}
