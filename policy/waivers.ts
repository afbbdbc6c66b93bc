import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { named, type Finding } from './finding';
import type { Raised } from './raise';
import { everyRule } from './rules/every-rule';

/**
 * Annotation that waives a rule for one object: `policy.meshwright.io/waive.<rule id>: "<reason>"`. The reason is the value, so that there is no waiver
 * without one.
 */
export const waiverPrefix = 'policy.meshwright.io/waive.';

/** A finding that its object's annotation waives. */
export interface WaivedFinding extends Finding {
  /** The text of the annotation. */
  reason: string;
}

/** Sorts findings into those that stand and those that an annotation on their object waives. */
export function applyWaivers(raised: readonly Raised[]): { standing: Finding[]; waived: WaivedFinding[] } {
  const standing: Finding[] = [];
  const waived: WaivedFinding[] = [];
  for (const { finding, object } of raised) {
    const reason = object && annotations(object)[`${waiverPrefix}${finding.rule}`];
    if (typeof reason === 'string' && reason.trim() !== '') waived.push({ ...finding, reason: reason.trim() });
    else standing.push(finding);
  }
  return { standing, waived };
}

/** Waivers that waive nothing: without a reason, or of a rule that does not exist. */
export function waiverFindings(objects: readonly KubernetesObject[]): Finding[] {
  return objects.flatMap((object) =>
    Object.entries(annotations(object)).flatMap(([key, reason]) => {
      if (!key.startsWith(waiverPrefix)) return [];
      const message = waiverProblem(key.slice(waiverPrefix.length), reason);
      if (message === undefined) return [];
      const path = `metadata.annotations["${key}"]`;
      return [{ rule: 'waiver', level: 'mandatory' as const, ...named(object), path, message }];
    }),
  );
}

function waiverProblem(id: string, reason: unknown): string | undefined {
  if (!everyRule.some((rule) => rule.id === id))
    return `there is no rule "${id}" to waive; docs/rules.md lists them all`;
  if (typeof reason === 'string' && reason.trim() !== '') return undefined;
  return `a waiver needs a reason: write why ${id} does not hold for this object as the annotation's value`;
}

function annotations(object: KubernetesObject): Record<string, unknown> {
  const value: unknown = object.metadata.annotations;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
