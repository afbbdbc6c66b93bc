import { createHash } from 'node:crypto';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import type { RouteSetInputs } from '../mesh/manifests/route-set';

/** What is kept of a set: what it was told, with the objects as the cluster has them by all that is known. */
export interface RouteSetState extends RouteSetInputs {
  /** Address of the API server. */
  server: string;
  /** Titles of routes that were written, but never seen in the proxies. */
  unproven: string[];
}

/** Objects of a set by their title. */
export type Objects = ReadonlyMap<string, KubernetesObject>;

/** Label of every object of a set, with the set's id: what a run that was killed has made, and nobody wrote down, is found by it. */
export const setLabel = 'meshwright.io/route-set';

/** Pulumi's mark of a value that is not known before deployment. */
export const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** Objects from their texts, without those that are not known yet. */
export function objectsOf(texts: Readonly<Record<string, string>>): Objects {
  const known = Object.entries(texts).filter(([, text]) => text !== unknown);
  return new Map(known.map(([title, text]) => [title, JSON.parse(text) as KubernetesObject]));
}

/**
 * Id of the set of a resource in a cluster. The same for the same, so that a create that was killed finds its objects; another one elsewhere, so that who takes objects over owns them, and the former owner
 * cannot delete them any more.
 */
export function setId(urn: string, server: string, namespace: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([urn, server, namespace]))
    .digest('hex');
  return hash.slice(0, 40);
}

/** The object with the set's label. */
export function labelled(object: KubernetesObject, id: string): KubernetesObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [setLabel]: id } } };
}

/** Whether an object carries the label of another set, which has taken it over. */
export function isOfAnother({ metadata }: KubernetesObject, id: string): boolean {
  return ![undefined, id].includes(metadata.labels?.[setLabel]);
}

export function isRoute({ kind }: KubernetesObject): boolean {
  return kind === 'VirtualService';
}
