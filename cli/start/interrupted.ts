import type { EngineEvent } from '@pulumi/pulumi/automation';
import { labApi, type Lab } from '../../cluster/lab';
import { isAppliedBy, type KubernetesApi, type LiveObject } from '../../cluster/api';
import { asMap, asString, isMap } from '../../mesh/json';
import {
  fieldManagerOf,
  isPatchOf,
  objectTitle,
  releaseType,
  type KubernetesObject,
} from '../../mesh/manifests/kubernetes';
import { isRouteType, ownerAnnotation, routeManager } from '../../mesh/manifests/route-set';
import { parsed } from './engine-steps';
import type { StackState, StateResource } from './stack-state';

/** A Helm release that a killed run was installing or changing. */
export interface PendingRelease {
  namespace: string;
  name: string;
  /** Whether the release was new. */
  isNew: boolean;
}

/** The Helm releases that a killed run had begun, according to its state. */
export function pendingReleases({ pending_operations: pending = [] }: StackState): PendingRelease[] {
  return pending
    .filter(({ resource }) => resource.type === releaseType)
    .map(({ type, resource: { inputs = {} } }) => ({
      namespace: String(inputs['namespace']),
      name: String(inputs['name']),
      isNew: type === 'creating',
    }));
}

/**
 * Deletes Helm's records of killed installs and upgrades: Helm would take them for running, and refuse the next one.
 * Their objects stay, and the next install or upgrade takes them over. For a new release all records are deleted,
 * because Pulumi does not know whether the install was finished.
 */
export async function forgetReleases(lab: Pick<Lab, 'kubeconfig'>, pending: readonly PendingRelease[]): Promise<void> {
  if (pending.length === 0) return;
  const api = labApi(lab);
  for (const { namespace, name, isNew } of pending) {
    const records = await api.list('Secret', { namespace, labelSelector: `owner=helm,name=${name}` });
    const unfinished = records.filter(
      ({ metadata }) => isNew || metadata.labels?.['status']?.startsWith('pending-') === true,
    );
    for (const record of unfinished) await api.remove(record);
  }
}

/** Creations that a run began and that have no result. The API server may still have created the objects. */
export function failedCreations(events: readonly EngineEvent[]): StateResource[] {
  const done = new Set(events.map(({ resOutputsEvent }) => resOutputsEvent?.metadata.urn));
  const begun = events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []);
  return begun
    .filter(({ op, urn }) => (op === 'create' || op === 'create-replacement') && !done.has(urn))
    .map(({ urn, type, new: state }) => ({ urn, type, inputs: asMap(state?.inputs) }));
}

/** The creations that killed runs had begun, according to the state. Pulumi keeps them until a refresh. */
export function pendingCreations({ pending_operations: pending = [] }: StackState): StateResource[] {
  return pending.filter(({ type }) => type === 'creating').map(({ resource }) => resource);
}

/**
 * Deletes objects that the state does not have: neither an update nor `down` would ever find them.
 * Objects that others made stay.
 * @param creations - creations that were interrupted
 * @param since - objects that are older stay; in milliseconds
 * @returns the titles of the deleted objects
 * @throws ApiError, ClusterError
 */
export async function removeUnrecorded(
  api: Pick<KubernetesApi, 'get' | 'remove'>,
  creations: readonly StateResource[],
  { resources = [] }: StackState,
  since = 0,
): Promise<string[]> {
  const recorded = new Set(resources.flatMap(objectsOf).map(objectTitle));
  const removed: string[] = [];
  for (const creation of creations) {
    for (const object of objectsOf(creation).filter((one) => !recorded.has(objectTitle(one)))) {
      const live = await api.get(object, { metadataOnly: true });
      if (live === undefined || isOlder(live, since) || !isMadeBy(live, object, creation)) continue;
      await api.remove(object);
      removed.push(objectTitle(object));
    }
  }
  return removed;
}

/** The objects that a creation applies. Those of a chart belong to Helm, and an object without a fixed name cannot be found. */
function objectsOf({ type, inputs = {} }: StateResource): KubernetesObject[] {
  if (isRouteType(type)) {
    const objects = Object.values(asMap(inputs['objects'])).map(parsed);
    return objects.filter((one) => isMap(asMap(one)['metadata'])) as KubernetesObject[];
  }
  const kind = asString(inputs['kind']);
  const isObject = type.startsWith('kubernetes:') && kind !== undefined && !isPatchOf(kind, type);
  const isNamed = typeof asMap(inputs['metadata'])['name'] === 'string';
  return isObject && isNamed ? [inputs as unknown as KubernetesObject] : [];
}

/** The API server states the time of a creation in whole seconds. */
function isOlder({ metadata }: LiveObject, since: number): boolean {
  return Date.parse(metadata.creationTimestamp ?? '') < Math.floor(since / 1000) * 1000;
}

/** Whether exactly this resource applied an object: see docs/decisions/takeover.md. */
function isMadeBy(live: LiveObject, object: KubernetesObject, { type, urn }: StateResource): boolean {
  if (!isRouteType(type)) return isAppliedBy(live, fieldManagerOf(object) ?? '');
  return live.metadata.annotations?.[ownerAnnotation] === urn && isAppliedBy(live, routeManager);
}
