import { type KubernetesObject, objectKey } from '../mesh/manifests/kubernetes';
import { compareStrings } from '../mesh/collections';
import { canonical } from '../mesh/json';

/** Whether a finding stops a deployment or is only reported. */
export const levels = ['mandatory', 'advisory'] as const;
export type Level = (typeof levels)[number];

/** One thing that is wrong with one object. Plain data: each caller formats it in its own way. */
export interface Finding {
  /** Id of the rule, e.g. `weight-sum-100`. */
  rule: string;
  level: Level;
  kind: string;
  /** '' for a cluster-scoped object. */
  namespace: string;
  name: string;
  /** Path of the value in the object, e.g. `spec.http[0].route[1].weight`; '' for the object as a whole. */
  path: string;
  /** What is wrong: the value, what is allowed, and what to do. Never the value of a secret. */
  message: string;
  /** Istio's code for the same thing, e.g. `IST0106`. */
  istio?: string;
  /** Kiali's code for the same thing, e.g. `KIA1104`. */
  kiali?: string;
}

/** The object of a finding as one string, equal to {@link subjectOf} of that object. */
export function findingSubject({ kind, namespace, name }: Pick<Finding, 'kind' | 'namespace' | 'name'>): string {
  return `${kind}/${namespace}/${name}`;
}

/** Names an object as a finding does. */
export function named({ kind, metadata }: KubernetesObject): Pick<Finding, 'kind' | 'namespace' | 'name'> {
  const { namespace, name } = metadata as { namespace?: unknown; name?: unknown };
  return {
    kind,
    namespace: typeof namespace === 'string' ? namespace : '',
    name: typeof name === 'string' ? name : '',
  };
}

/** An object as findings name it. */
export function subjectOf(object: KubernetesObject): string {
  return findingSubject(named(object));
}

/** By namespace, kind, name, path, rule, message, level: the order in which findings are always listed. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    compareStrings(a.namespace, b.namespace) ||
    compareStrings(a.kind, b.kind) ||
    compareStrings(a.name, b.name) ||
    comparePaths(a.path, b.path) ||
    compareStrings(a.rule, b.rule) ||
    compareStrings(a.message, b.message) ||
    compareStrings(a.level, b.level)
  );
}

/** Sorts objects by their identity, so that no rule can depend on the order in which a caller lists them. */
export function sortedObjects(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return objects
    .map((object) => ({ object, key: keyOf(object) }))
    .sort((a, b) => compareStrings(a.key, b.key) || compareStrings(canonical(a.object), canonical(b.object)))
    .map(({ object }) => object);
}

/** The identity of an object. Its name is not validated yet, and some values cannot become a string, such as a map with a field `toString`. */
function keyOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const { namespace, name } = metadata as { namespace?: unknown; name?: unknown };
  const [place, own] = [namespace ?? '', name].map((part) => (typeof part === 'string' ? part : canonical(part)));
  return objectKey({ apiVersion, kind, metadata: { namespace: place ?? '', name: own ?? '' } });
}

/** String order, except that `route[2]` comes before `route[10]`. */
function comparePaths(a: string, b: string): number {
  return compareStrings(a.replace(/\d+/g, padded), b.replace(/\d+/g, padded)) || compareStrings(a, b);
}

function padded(digits: string): string {
  return digits.padStart(9, '0');
}
