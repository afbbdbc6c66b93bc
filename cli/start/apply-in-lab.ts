import type { Mesh } from '../../components/manifests/mesh';
import {
  applyObjects,
  planObjects,
  servedKinds,
  waitReady,
  type Lab,
  type NamespaceMarks,
  type SetOptions,
} from '../../lab';
import { changeRefusal } from '../../policy/changes/change-refusal';
import type { CheckOptions } from '../../policy/options';
import { UserError } from '../errors';
import { asUserError } from '../lab-errors';
import { say } from '../output';
import { planText } from './plan-text';
import { plannedTraffic, plannedTrafficText } from './plan-traffic';
import { servedObjects } from './served';

/**
 * Deploys a mesh's objects to the lab without Pulumi: server-side apply, and an ApplySet that prunes what left the stack. Prints the plan first, then acts.
 * @param name - of the set, one per environment
 * @param policy - how far one update may go
 * @returns what the stack asks for that the lab could not take, each with the reason
 * @throws UserError when the API server refuses an object, or the policy the change
 */
export async function applyInLab(lab: Lab, mesh: Mesh, name: string, policy: CheckOptions): Promise<string[]> {
  const { kept, leftOut } = servedObjects(await asUserError(servedKinds(lab)), mesh.objects);
  const objects = kept.map(({ object }) => object);
  const marks = mesh.existingNamespaces.map(({ object }): [string, NamespaceMarks] => [
    object.metadata.name,
    { ...object.metadata },
  ]);
  const set: SetOptions = { name, existingNamespaces: Object.fromEntries(marks) };
  const plan = await asUserError(planObjects(lab, objects, set));
  const traffic = plannedTraffic(lab, objects, plan);
  process.stdout.write(`\nPlan\n${planText(plan)}\n${traffic === undefined ? '' : plannedTrafficText(traffic)}\n`);
  const refusal = traffic === undefined ? undefined : changeRefusal(traffic.before, traffic.after, policy);
  if (refusal !== undefined) throw new UserError(`${refusal}\nnothing was changed`);
  if (plan.created.length + plan.changed.length + plan.removed.length > 0)
    await asUserError(applyObjects(lab, objects, { ...set, log: say }));
  await asUserError(waitReady(lab, objects, { log: say }));
  return leftOut;
}
