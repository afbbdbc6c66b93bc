import { objectKey } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { groupKind } from '../api';
import type { ApiServer, LiveObject } from '../api';
import { contentsOf, PARENT_GROUP_KIND, parentName, PART_OF_LABEL, setId } from './apply-set';
import type { SetContents } from './apply-set';

/** The live counterparts, in the versions of the objects, of those that exist. */
export async function liveObjects(api: ApiServer, objects: readonly KubernetesObject[]): Promise<LiveObject[]> {
  const found = await Promise.all(objects.map((object) => api.get(object)));
  return found.filter((object) => object !== undefined);
}

/**
 * The live counterparts of objects most of which are members of a set.
 * @param current - the members as just read, of which only those in other versions are read again
 */
export async function liveAmong(
  api: ApiServer,
  objects: readonly KubernetesObject[],
  current: readonly LiveObject[],
): Promise<LiveObject[]> {
  const known = byKey(current);
  const found = await Promise.all(
    objects.map(async (object) => {
      const member = known.get(objectKey(object));
      return member?.apiVersion === object.apiVersion ? member : await api.get(object);
    }),
  );
  return found.filter((object) => object !== undefined);
}

/** All objects of these kinds; of those that are not served, none. */
async function listed(api: ApiServer, groupKinds: readonly string[], labelSelector?: string): Promise<LiveObject[]> {
  const kinds = await api.kinds();
  const served = groupKinds.map((entry) => kinds.get(entry)).filter((kind) => kind !== undefined);
  const options = labelSelector === undefined ? {} : { labelSelector };
  return (await Promise.all(served.map((kind) => api.list(kind, options)))).flat();
}

/** Every namespace, with the managers of its fields, and the parents of all sets. */
export async function liveSurroundings(api: ApiServer): Promise<{ namespaces: LiveObject[]; parents: LiveObject[] }> {
  const [namespaces, parents] = await Promise.all([listed(api, ['Namespace']), listed(api, [PARENT_GROUP_KIND])]);
  return { namespaces, parents };
}

/** Where the members of a set may be according to its parent; nowhere when there is no parent. */
export function setContents(set: string, parents: readonly LiveObject[]): SetContents {
  const parent = parents.find(({ metadata }) => metadata.name === parentName(set));
  return parent === undefined ? { groupKinds: [], namespaces: [] } : contentsOf(parent);
}

/** The members of a set. What a controller made by copying a member's labels, such as an EndpointSlice, is none. */
export async function members(api: ApiServer, set: string, { groupKinds }: SetContents): Promise<LiveObject[]> {
  const found = await listed(api, groupKinds, `${PART_OF_LABEL}=${setId(set)}`);
  return found.filter(({ metadata }) => metadata.ownerReferences?.some(({ controller }) => controller) !== true);
}

/** Objects by identity. */
export function byKey<T extends KubernetesObject>(objects: readonly T[]): Map<string, T> {
  return new Map(objects.map((object) => [objectKey(object), object]));
}

/** The kinds and namespaces of objects, as a set's parent lists them. */
export function contentsFor(objects: readonly KubernetesObject[]): SetContents {
  return {
    groupKinds: objects.map(groupKind),
    namespaces: objects.flatMap(({ metadata }) => metadata.namespace ?? []),
  };
}
