/** Deployment without the Pulumi CLI: server-side apply in stages, with an ApplySet that prunes. */
import { objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { ApiServer } from '../api';
import type { LiveObject } from '../api';
import type { Lab } from '../types';
import { carryOut } from './carry-out';
import { liveObjects } from './live';
import { removeSet } from './remove-set';
import { survey } from './survey';
import type { Survey } from './survey';
import type { ApplyOptions, Plan, RemoveOptions, SetOptions, WaitOptions } from './types';
import { awaitReady } from './wait';

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
  return planOf(await survey(ApiServer.of(lab), objects, options));
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
  const api = ApiServer.of(lab);
  const found = await survey(api, objects, options);
  await carryOut(api, found, options);
  return planOf(found);
}

/** Removes every object of a set, then the set, and takes its marks off the namespaces of others. Returns what it removed. */
export async function removeAll(lab: Lab, options: RemoveOptions): Promise<readonly string[]> {
  return removeSet(ApiServer.of(lab), options);
}

/**
 * Waits until the Deployments, StatefulSets, DaemonSets and Pods among the objects are Ready. Throws a LabError that names those that
 * are not when the time is up.
 */
export async function waitReady(lab: Lab, objects: readonly KubernetesObject[], options: WaitOptions): Promise<void> {
  await awaitReady(ApiServer.of(lab), objects, options);
}

/** The objects as the API server has them now, in their order, without those that it does not have. */
export async function readObjects(lab: Lab, objects: readonly KubernetesObject[]): Promise<readonly LiveObject[]> {
  return liveObjects(ApiServer.of(lab), objects);
}

/** The `apiVersion/kind` of everything that the API server serves. */
export async function servedKinds(lab: Lab): Promise<ReadonlySet<string>> {
  const kinds = [...(await ApiServer.of(lab).freshKinds())];
  return new Set(
    kinds.flatMap(([key, { apiVersions }]) => apiVersions.map((version) => `${version}/${key.split('.', 1)[0] ?? ''}`)),
  );
}
