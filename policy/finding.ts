import type { KubernetesObject } from '../mesh/manifests/kubernetes';

/** Whether a finding stops a deployment or is told only. */
export const levels = ['mandatory', 'advisory'] as const;
export type Level = (typeof levels)[number];

/** One thing that is wrong with one object. Plain data: each caller voices it in its own way. */
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

/** What a finding is about, as one text: the same as {@link subjectOf} has of that object. */
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
