/** Deployment without the Pulumi CLI: kubectl's server-side apply with an ApplySet that prunes. */
import { LabError } from '../errors';
import type { Lab, Log } from '../types';
import type { ApplyOptions, KubeObject, Plan, SetOptions, WaitOptions } from './types';

export type {
  ApplyOptions,
  FieldChange,
  KubeObject,
  NamespaceMarks,
  ObjectChange,
  Plan,
  SetOptions,
  WaitOptions,
} from './types';

/** Compares the objects with what the API server has, changing nothing. Throws a RefusedError that lists every bad object. */
export function planObjects(_lab: Lab, _objects: readonly KubeObject[], _options: SetOptions): Promise<Plan> {
  return Promise.reject(new LabError('Planning is not there yet.'));
}

/** Makes the set equal to the objects. Returns the plan it carried out. */
export function applyObjects(_lab: Lab, _objects: readonly KubeObject[], _options: ApplyOptions): Promise<Plan> {
  return Promise.reject(new LabError('Applying is not there yet.'));
}

/** Removes every object of the set, and the set. Returns the identities of what it removed. */
export function removeAll(
  _lab: Lab,
  _options: { readonly name: string; readonly log: Log },
): Promise<readonly string[]> {
  return Promise.reject(new LabError('Removing is not there yet.'));
}

/** Waits until the Deployments, StatefulSets, DaemonSets and Pods among the objects are Ready. Throws a LabError naming those that are not. */
export function waitReady(_lab: Lab, _objects: readonly KubeObject[], _options: WaitOptions): Promise<void> {
  return Promise.reject(new LabError('Waiting is not there yet.'));
}
