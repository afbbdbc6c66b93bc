import { isDeepStrictEqual } from 'node:util';
import type { LiveObject } from '../cluster/api';
import { asString, isMap, valueAt, type JsonMap } from '../mesh/json';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';

/** Which existing objects a stack may take over: all of them, or those with these titles, such as `VirtualService shop/pay`. */
export type Adopt = boolean | readonly string[];

export function isCovered(adopt: Adopt, title: string): boolean {
  return typeof adopt === 'boolean' ? adopt : adopt.includes(title);
}

/** How to take objects over, for messages. */
export function adoptHint(...titles: string[]): string {
  const list = titles.map((title) => JSON.stringify(title)).join(', ');
  return `To take ${titles.length === 1 ? 'it' : 'them'} over: meshwright:adopt: [${list}], or true for all`;
}

/**
 * The other tool that writes or deletes an object, and what to do before a stack may take the object over.
 * @param hasOwner - whether the stack file says that a controller shares the object, as `weightsOwnedBy` does
 * @returns undefined when no other tool writes it
 */
export function obstacle(live: LiveObject, hasOwner = false): string | undefined {
  const { annotations = {}, labels = {}, deletionTimestamp, ownerReferences = [] } = live.metadata;
  const owner = ownerReferences.find(({ controller }) => controller === true);
  const release = annotations['meta.helm.sh/release-name'];
  const flux = labels['kustomize.toolkit.fluxcd.io/name'] ?? labels['helm.toolkit.fluxcd.io/name'];
  const argo = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0] ?? labels['argocd.argoproj.io/instance'];
  if (deletionTimestamp !== undefined) return 'it is being deleted: run again when it is gone';
  if (owner !== undefined && !hasOwner) {
    const controller = `${owner.kind} ${owner.name}`;
    return `${controller} controls it: delete that with kubectl delete --cascade=orphan, or leave the object out of the stack`;
  }
  if (release !== undefined)
    return `it belongs to the Helm release ${annotations['meta.helm.sh/release-namespace'] ?? ''}/${release}, which would write it back or delete it: annotate it with helm.sh/resource-policy: keep, take it out of the chart, upgrade the release, and remove its meta.helm.sh annotations`;
  if (flux !== undefined)
    return `Flux applies it (${flux}): label it with kustomize.toolkit.fluxcd.io/prune: disabled, take it out of Flux's source, and remove Flux's labels once Flux has seen that`;
  if (argo !== undefined)
    return `Argo CD applies it (${argo}): delete the application with --cascade=false, or take the object out of it without pruning, and remove Argo CD's label and annotation`;
  return undefined;
}

/** Fields that no update can change: Kubernetes refuses it, or Pulumi replaces the object. */
const fixedFields: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec.selector'],
  DaemonSet: ['spec.selector'],
  StatefulSet: ['spec.selector', 'spec.serviceName', 'spec.volumeClaimTemplates'],
  Service: ['spec.clusterIP'],
  ConfigMap: ['data', 'binaryData'],
  Secret: ['data', 'type'],
  RoleBinding: ['roleRef'],
  ClusterRoleBinding: ['roleRef'],
  PersistentVolumeClaim: ['spec.storageClassName', 'spec.volumeName', 'spec.accessModes'],
};

/** Fields that the API server fills in. Pulumi replaces the object when they are not stated, so a stack that does not state them ignores them. */
const filledIn: Readonly<Record<string, readonly string[]>> = {
  Service: ['spec.clusterIP'],
  StatefulSet: ['spec.podManagementPolicy', 'spec.revisionHistoryLimit'],
  PersistentVolumeClaim: ['spec.storageClassName', 'spec.volumeName'],
};

/** Kinds that almost every change replaces. */
const unadoptable = ['Pod', 'Job'];

/** The paths of an object to ignore, see {@link filledIn}. */
export function ignoredPaths(stated: JsonMap): string[] {
  return (filledIn[asString(stated['kind']) ?? ''] ?? []).filter((path) => at(stated, path) === undefined);
}

/** Why an update could not make the live object what the stack file states; undefined when it can. */
export function fixedDifference(stated: KubernetesObject, live: LiveObject): string | undefined {
  const { kind } = stated;
  if (unadoptable.includes(kind))
    return `a ${kind} cannot be taken over, since most of its fields cannot be changed: leave it out of the stack, or delete it first`;
  if (kind === 'Secret' && 'stringData' in stated)
    return 'the stack file states stringData, and the API server keeps only data: write the values under data, in base64';
  const path = (fixedFields[kind] ?? []).find((one) => !isSameFixed(one, at(stated, one), at(live, one)));
  return path === undefined
    ? undefined
    : `its ${path} differs from the stack file, and only a replacement could change it: make them equal first, or delete the object`;
}

/** Nothing fills in data, so a key that only the cluster has would be removed. */
function isSameFixed(path: string, stated: unknown, live: unknown): boolean {
  if (path === 'data' || path === 'binaryData') return isDeepStrictEqual(stated ?? {}, live ?? {});
  return stated === undefined || isWithin(stated, live);
}

function at(object: JsonMap, path: string): unknown {
  return valueAt(object, ...path.split('.'));
}

/** Whether all stated fields are live. Lists must be of one length. */
export function isWithin(stated: unknown, live: unknown): boolean {
  if (isMap(stated) && isMap(live)) return Object.keys(stated).every((key) => isWithin(stated[key], live[key]));
  if (Array.isArray(stated) && Array.isArray(live))
    return stated.length === live.length && stated.every((entry, index) => isWithin(entry, live[index]));
  return isDeepStrictEqual(stated, live);
}
