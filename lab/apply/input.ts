import { objectKey, objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { groupKind } from '../api';
import type { Kinds } from '../api';
import type { ObjectProblem } from '../errors';
import type { SetOptions } from './types';

const isNamespace = ({ apiVersion, kind }: KubernetesObject): boolean => apiVersion === 'v1' && kind === 'Namespace';

/** The objects as kubectl would take them: what is namespaced and names no namespace is in `default`. */
export function withNamespaces(objects: readonly KubernetesObject[], kinds: Kinds): KubernetesObject[] {
  return objects.map((object) => {
    const { metadata } = object;
    if (metadata.namespace !== undefined || kinds.get(groupKind(object))?.namespaced !== true) return object;
    return { ...object, metadata: { ...metadata, namespace: 'default' } };
  });
}

/** Names of the namespaces among the objects. */
export function namespacesOf(objects: readonly KubernetesObject[]): string[] {
  return objects.filter(isNamespace).map(({ metadata }) => metadata.name);
}

export interface Surroundings {
  /** Kinds that are served or will be. */
  readonly kinds: Kinds;
  /** Namespaces that exist. */
  readonly namespaces: readonly string[];
}

/** The objects that the API server can be asked about, and what is wrong with the others. */
export function sortOut(
  objects: readonly KubernetesObject[],
  { existingNamespaces = {} }: SetOptions,
  { kinds, namespaces }: Surroundings,
): { readonly fine: readonly KubernetesObject[]; readonly problems: readonly ObjectProblem[] } {
  const foreign = Object.keys(existingNamespaces);
  const own = namespacesOf(objects);
  const known = new Set([...namespaces, ...own, ...foreign]);
  const seen = new Set<string>();
  const problems: ObjectProblem[] = [];
  const fine = objects.filter((object) => {
    const { name, namespace } = object.metadata;
    const messages: string[] = [];
    if (seen.has(objectKey(object))) messages.push('is there more than once');
    if (kinds.get(groupKind(object))?.apiVersions.includes(object.apiVersion) !== true)
      messages.push(`the API server knows no ${object.kind} in ${object.apiVersion}`);
    if (isNamespace(object) && foreign.includes(name))
      messages.push('is configured both as new and as existing already');
    if (namespace !== undefined && !known.has(namespace)) messages.push(`there is no namespace ${namespace}`);
    seen.add(objectKey(object));
    problems.push(...messages.map((message) => ({ id: objectTitle(object), message })));
    return messages.length === 0;
  });
  const missing = foreign.filter((name) => !namespaces.includes(name) && !own.includes(name));
  problems.push(
    ...missing.map((name) => ({ id: `Namespace ${name}`, message: 'is said to exist already, but does not' })),
  );
  return { fine, problems };
}
