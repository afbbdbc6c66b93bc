/** Deployment without the Pulumi CLI: kubectl's server-side apply in stages, with an ApplySet that prunes. */
import { objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import type { Lab } from '../types';
import { carryOut } from './carry-out';
import { removeSet } from './remove-set';
import { survey } from './survey';
import type { Survey } from './survey';
import type { ApplyOptions, Plan, RemoveOptions, SetOptions } from './types';

export type {
  ApplyOptions,
  FieldChange,
  NamespaceMarks,
  ObjectChange,
  Plan,
  RemoveOptions,
  SetOptions,
  WaitOptions,
} from './types';
export { waitReady } from './wait';

function planOf({ objects, marks, removed }: Survey): Plan {
  const all = [...marks, ...objects];
  return {
    created: all.filter(({ changes }) => changes === undefined).map(({ object }) => objectTitle(object)),
    changed: all.flatMap(({ object, changes = [] }) =>
      changes.length > 0 ? [{ id: objectTitle(object), changes }] : [],
    ),
    removed: removed.map(objectTitle),
    unchanged: all.filter(({ changes }) => changes?.length === 0).length,
  };
}

/**
 * Compares a set with what the API server has, changing nothing: every object is tried there, so that defaults, other owners' fields
 * and manual edits are judged by the server itself. Throws a RefusedError that lists every object it would refuse.
 */
export async function planObjects(lab: Lab, objects: readonly KubernetesObject[], options: SetOptions): Promise<Plan> {
  return planOf(await survey(lab, objects, options));
}

/**
 * Makes a set equal to the objects, and removes what left it. Everything is tried first: where the API server refuses anything, a
 * RefusedError lists all of it and nothing is touched. Returns the plan that was carried out.
 */
export async function applyObjects(
  lab: Lab,
  objects: readonly KubernetesObject[],
  options: ApplyOptions,
): Promise<Plan> {
  const found = await survey(lab, objects, options);
  await carryOut(lab, found, options);
  return planOf(found);
}

/** Removes every object of a set, then the set, and takes its marks off the namespaces of others. Returns what it removed. */
export function removeAll(lab: Lab, options: RemoveOptions): Promise<readonly string[]> {
  return removeSet(lab, options);
}
