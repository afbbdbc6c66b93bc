import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { objectPath } from '../../mesh/manifests/route-set';
import { asMap } from '../../mesh/model/json';
import { knownPart } from './known-part';
import type { KubernetesResource } from './kubernetes-resource';
import { met } from './met';

/**
 * The objects that a route set holds, as if each was a resource of its own. A text that is not known yet shows no more than its title does.
 * @param props - of a resource of type `routeSetType`
 */
export function objectsOfSet(props: Readonly<Record<string, unknown>>): readonly KubernetesResource[] {
  const { value, unknowns } = knownPart(props);
  // In an order of their own: the engine has one of its own, too.
  const known = knownObjects(Object.values(asMap(value['objects'])).map(String).sort());
  return unknowns.length === 0 ? known : [...known, ...unknowns.flatMap(unknownObject)];
}

function knownObjects(texts: readonly string[]): readonly KubernetesResource[] {
  return met(JSON.stringify(texts), () =>
    texts.flatMap(objectOf).map((object) => ({ object, unknowns: [], isPatch: false, isAutonamed: false })),
  );
}

/** Options of the set as options of one of its objects. */
export function ignoredInObject(paths: readonly string[], title: string): string[] {
  const own = objectPath(title);
  return paths.map((path) => (path === 'objects' || path === own ? 'spec' : path));
}

function objectOf(text: string): KubernetesObject[] {
  try {
    return [JSON.parse(text) as KubernetesObject];
  } catch {
    // The set's own check says so.
    return [];
  }
}

function unknownObject(path: string): KubernetesResource[] {
  const [, kind, namespace, name] = /^objects\["(\w+) ([^/]+)\/(.+)"\]$/.exec(path) ?? [];
  if (kind === undefined || namespace === undefined || name === undefined) return [];
  const object = { apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace } };
  return [{ object, unknowns: ['spec'], isPatch: false, isAutonamed: false }];
}
