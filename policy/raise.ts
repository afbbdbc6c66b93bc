import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { defined } from '../mesh/manifests/kubernetes';
import { named, type Finding } from './finding';
import type { CheckOptions } from './options';
import type { Rule, Violation } from './rule';

/** A finding together with the object that it is about, if it is about one. */
export interface Raised {
  finding: Finding;
  object: KubernetesObject | undefined;
}

/** Whether a value has the outline of a Kubernetes object: `apiVersion`, `kind` and `metadata`. Anything else cannot be named in a finding, let alone deployed. */
export function isJudgeable(value: unknown): value is KubernetesObject {
  if (typeof value !== 'object' || value === null) return false;
  const { apiVersion, kind, metadata } = value as Record<string, unknown>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false;
  return typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
}

/** A violation as a finding: with the rule's id and codes, and the level that the options, the violation or the rule give, in this order. */
export function raise(
  rule: Pick<Rule, 'id' | 'level' | 'istio' | 'kiali'>,
  { object, path, message, level }: Violation,
  options: CheckOptions,
): Raised {
  const asked = options.rules?.[rule.id];
  const finding = defined({
    rule: rule.id,
    level: asked === 'mandatory' || asked === 'advisory' ? asked : (level ?? rule.level),
    ...named(object),
    path,
    message,
    istio: rule.istio?.join(', '),
    kiali: rule.kiali?.join(', '),
  }) as Finding;
  return { finding, object };
}
