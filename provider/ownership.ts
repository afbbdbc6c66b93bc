import { createHash } from 'node:crypto';
import { isAppliedBy, type LiveObject } from '../cluster/api';
import { ownerAnnotation, routeManager, routeSetType, routeType } from '../mesh/manifests/route-set';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';

/**
 * Label of every routing object, with the id of its resource: it finds objects of an interrupted update, which are not
 * in the state.
 */
const setLabel = 'meshwright.io/route-set';

/** Whether this run takes over every existing object. The variable is the Kubernetes provider's own. */
export function takesOverAll(): boolean {
  return process.env['PULUMI_K8S_UPSERT_EXISTING_OBJECTS'] === 'true';
}

/** A Route in a cluster. */
export interface Owner {
  urn: string;
  id: string;
  /** Ids with which the Route, or an older RouteSet, may have labelled its objects. */
  ids: readonly string[];
}

/** @param id - the resource's id, if it has one already */
export function ownerOf(urn: string, server: string, namespace: string, id?: string): Owner {
  const own = routeId(urn, server, namespace);
  return {
    urn,
    id: id ?? own,
    ids: [...(id === undefined ? [] : [id]), own, routeId(routeSetUrn(urn), server, namespace)],
  };
}

/** Id of a resource in a cluster. It is deterministic, so that a create can find the objects of an interrupted one. */
export function routeId(urn: string, server: string, namespace: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([urn, server, namespace]))
    .digest('hex');
  return hash.slice(0, 40);
}

/** The RouteSet `bookinfo` for the Route `bookinfo/reviews`. */
function routeSetUrn(urn: string): string {
  return urn.replace(`${routeType}::`, `${routeSetType}::`).replace(/\/[^/]*$/, '');
}

/** The object with the label and annotation of its owner. */
export function owned(object: KubernetesObject, { urn, id }: Owner): KubernetesObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [setLabel]: id },
      annotations: { ...metadata.annotations, [ownerAnnotation]: urn },
    },
  };
}

/** Whether an object belongs to exactly this resource, which may delete it. */
export function belongsTo(live: LiveObject, { ids }: Owner): boolean {
  return isAppliedBy(live, routeManager) && ids.includes(live.metadata.labels?.[setLabel] ?? '');
}

/** Whether an object has the marks of a resource that is not of the same stack. */
export function isMarkedByOthers(live: LiveObject, owner: Owner): boolean {
  return !isUnmarked(live) && !isOfStack(live, owner);
}

/** The label and the annotation of a Meshwright stack, as far as an object has them. */
export type Marks = Record<'labels' | 'annotations', Record<string, string>>;

export function marksOf({ metadata: { labels = {}, annotations = {} } }: LiveObject): Marks {
  const only = (map: Record<string, string>, key: string): Record<string, string> =>
    map[key] === undefined ? {} : { [key]: map[key] };
  return { labels: only(labels, setLabel), annotations: only(annotations, ownerAnnotation) };
}

/** Whether an object has no marks of any Meshwright stack. */
export function isUnmarked({ metadata: { labels, annotations } }: LiveObject): boolean {
  return labels?.[setLabel] === undefined && annotations?.[ownerAnnotation] === undefined;
}

/** Whether a resource of the same stack made an object, so that this one may write it. A copied manifest has the annotation, but not the field manager. */
export function isOfStack(live: LiveObject, owner: Owner): boolean {
  const urn = live.metadata.annotations?.[ownerAnnotation];
  return urn === undefined
    ? belongsTo(live, owner)
    : isAppliedBy(live, routeManager) && stackOf(urn) === stackOf(owner.urn);
}

/** `urn:pulumi:STACK::PROJECT` */
function stackOf(urn: string): string {
  return urn.split('::').slice(0, 2).join('::');
}

/** Who made an object, for messages: ` (stack prod of project shop; field managers: kubectl, meshwright)`. */
export function makerOf(live: LiveObject): string {
  const { annotations, labels, managedFields = [] } = live.metadata;
  const [, stack, project] = /^urn:pulumi:(.*?)::(.*?)::/.exec(annotations?.[ownerAnnotation] ?? '') ?? [];
  const managers = [...new Set(managedFields.flatMap(({ manager }) => manager ?? []))].sort();
  const known = [
    ...(stack === undefined || project === undefined ? [] : [`stack ${stack} of project ${project}`]),
    ...(stack === undefined && labels?.[setLabel] !== undefined ? ['another stack of Meshwright'] : []),
    ...(managers.length === 0 ? [] : [`field managers: ${managers.join(', ')}`]),
  ];
  return known.length === 0 ? '' : ` (${known.join('; ')})`;
}
