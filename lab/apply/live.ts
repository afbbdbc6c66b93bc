import { z } from 'zod';
import { objectKey } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { LabError } from '../errors';
import { kubectl, tryKubectl } from '../kubectl';
import type { KubectlTarget } from '../kubectl';
import {
  contentsOf,
  groupKind,
  PARENT_GROUP_KIND,
  PARENT_RESOURCE,
  parentName,
  PART_OF_LABEL,
  setId,
} from './apply-set';
import type { SetContents } from './apply-set';
import type { Kinds } from './kinds';

const liveSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    generation: z.number().optional(),
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    ownerReferences: z.array(z.looseObject({ controller: z.boolean().optional() })).optional(),
    managedFields: z.array(z.looseObject({ manager: z.string().optional() })).optional(),
  }),
  status: z.looseObject({}).optional(),
});

/** An object as the API server has it. */
export type LiveObject = z.infer<typeof liveSchema> & KubernetesObject;

const listSchema = z.object({ kind: z.literal('List'), items: z.array(liveSchema) });

/** Reads what kubectl prints as JSON: nothing, one object, or a List of them. */
export function parseObjects(json: string): LiveObject[] {
  if (json.trim() === '') return [];
  const value: unknown = JSON.parse(json);
  const list = listSchema.safeParse(value);
  const objects = list.success ? list.data.items : [liveSchema.parse(value)];
  return objects as LiveObject[];
}

/** Wraps objects for kubectl's standard input. */
export function kubeList(objects: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
}

/** What names an object, and nothing else of it. */
export function reference({ apiVersion, kind, metadata }: KubernetesObject): KubernetesObject {
  const { name, namespace } = metadata;
  return { apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace } };
}

/** What kubectl says of a kind that is not served, at least not in that version. */
export const unknownKind = /no matches for kind/;

/**
 * The live counterparts, in the versions of the objects, of those that exist. kubectl gives up on all when it does not know the kind
 * of one; then its halves are looked up, down to the object that cannot exist.
 */
export async function liveObjects(target: KubectlTarget, objects: readonly KubernetesObject[]): Promise<LiveObject[]> {
  if (objects.length === 0) return [];
  const args = ['get', '-f', '-', '--ignore-not-found', '-o', 'json'];
  const { ok, stdout, stderr } = await tryKubectl(target, args, kubeList(objects.map(reference)));
  if (ok) return parseObjects(stdout);
  if (!unknownKind.test(stderr)) throw new LabError(`kubectl get failed:\n${stderr}`);
  if (objects.length === 1) return [];
  const middle = Math.ceil(objects.length / 2);
  const before = await liveObjects(target, objects.slice(0, middle));
  return [...before, ...(await liveObjects(target, objects.slice(middle)))];
}

/**
 * The live counterparts of objects most of which are members of a set.
 * @param current - the members as just read, of which only those in other versions are read again
 */
export async function liveAmong(
  target: KubectlTarget,
  objects: readonly KubernetesObject[],
  current: readonly LiveObject[],
): Promise<LiveObject[]> {
  const known = byKey(current);
  const isRead = (object: KubernetesObject): boolean => known.get(objectKey(object))?.apiVersion === object.apiVersion;
  const wanted = new Set(objects.map(objectKey));
  const rest = objects.filter((object) => !isRead(object));
  const others = new Set(rest.map(objectKey));
  const read = current.filter((object) => wanted.has(objectKey(object)) && !others.has(objectKey(object)));
  return [...read, ...(await liveObjects(target, rest))];
}

/** Every namespace, with the managers of its fields, and the parents of all sets. */
export async function liveSurroundings(
  target: KubectlTarget,
  kinds: Kinds,
): Promise<{ namespaces: LiveObject[]; parents: LiveObject[] }> {
  const resources = kinds.has(PARENT_GROUP_KIND) ? `namespaces,${PARENT_RESOURCE}` : 'namespaces';
  const found = parseObjects(await kubectl(target, ['get', resources, '-o', 'json', '--show-managed-fields']));
  const namespaces = found.filter(({ kind }) => kind === 'Namespace');
  return { namespaces, parents: found.filter((object) => !namespaces.includes(object)) };
}

/** Where the members of a set may be according to its parent; nowhere when there is no parent. */
export function setContents(set: string, parents: readonly LiveObject[]): SetContents {
  const parent = parents.find(({ metadata }) => metadata.name === parentName(set));
  return parent === undefined ? { groupKinds: [], namespaces: [] } : contentsOf(parent);
}

/** The members of a set. What a controller made by copying a member's labels, such as an EndpointSlice, is none. */
export async function members(
  target: KubectlTarget,
  set: string,
  contents: SetContents,
  kinds: Kinds,
): Promise<LiveObject[]> {
  const resources = contents.groupKinds.flatMap((entry) => {
    const kind = kinds.get(entry);
    return kind === undefined ? [] : [kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`];
  });
  if (resources.length === 0) return [];
  const args = ['get', resources.join(','), '-A', '-l', `${PART_OF_LABEL}=${setId(set)}`, '-o', 'json'];
  const found = parseObjects(await kubectl(target, args));
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
