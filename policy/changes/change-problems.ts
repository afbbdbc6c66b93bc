import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { meshModel } from '../../mesh/model/mesh-model';
import { type Finding, compareFindings, sortedObjects } from '../finding';
import { type CheckOptions, isJudgeable, raise } from '../rule';
import { changeRules } from '../rules/change-rules';
import { applyWaivers } from '../engine-findings';

/**
 * What is wrong with changing one state into another in one update, even if each state is valid. Both lists may hold
 * only part of a mesh, even a single object. Objects in neither list are assumed not to change.
 * Pure, never throws for lack of a field, and does not depend on the order of objects.
 * @param before - the objects as they were deployed last; none for a first deployment, which is not judged
 * @param after - the objects after the update
 */
export function changeProblems(
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  options: CheckOptions = {},
): Finding[] {
  const [old, next] = [before, after].map((objects) =>
    meshModel(sortedObjects(objects.filter(isJudgeable)), options.mesh),
  );
  if (old === undefined || next === undefined) return [];
  const raised = changeRules
    .filter(({ id }) => options.rules?.[id] !== 'off')
    .flatMap((rule) => rule.check(old, next, options).map((violation) => raise(rule, violation, options)));
  return applyWaivers(raised).standing.sort(compareFindings);
}
