import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { routeSetType } from '../../components/manifests/route-set';
import { knownPart } from './known-part';
import type { StackResource } from './resource';
import { objectsOfSet } from './route-set';

/** A resource that Pulumi keeps in a cluster, as far as its properties are known. */
export interface KubernetesResource {
  object: KubernetesObject;
  /** Paths of what is not known yet. */
  unknowns: string[];
  /** A part of an object that somebody else owns, not the whole of it. */
  isPatch: boolean;
}

const typeToken = /^kubernetes:([^:]+):([A-Za-z0-9]+)$/;

/** Types of the provider that are no Kubernetes object. */
const otherGroups = ['helm.sh/', 'yaml', 'kustomize'];

/** The Kubernetes objects that a resource is or, for a route set, holds; none for any other resource. */
export function kubernetesResources(resource: Pick<StackResource, 'type' | 'props'>): readonly KubernetesResource[] {
  if (resource.type === routeSetType) return objectsOfSet(resource.props);
  const own = kubernetesResource(resource);
  return own === undefined ? [] : [own];
}

/**
 * The Kubernetes object that a resource is. Goes by the type token, since a CustomResource has no class that a policy could ask for.
 * @returns undefined for any other resource
 */
function kubernetesResource(resource: Pick<StackResource, 'type' | 'props'>): KubernetesResource | undefined {
  const [, token, typeName] = typeToken.exec(resource.type) ?? [];
  if (token === undefined || typeName === undefined || otherGroups.some((group) => token.startsWith(group)))
    return undefined;
  const { value, unknowns } = knownPart(resource.props);
  const isPatch = typeName.endsWith('Patch');
  const { apiVersion, kind, metadata, ...rest } = value;
  const own = Object.entries(rest).filter(([key]) => !key.startsWith('__') && key !== 'status' && key !== 'id');
  const object = {
    apiVersion: typeof apiVersion === 'string' ? apiVersion : token.replace(/^core\//, ''),
    kind: typeof kind === 'string' ? kind : typeName.replace(/Patch$/, ''),
    metadata: typeof metadata === 'object' && metadata !== null ? metadata : {},
    ...Object.fromEntries(own),
  } as KubernetesObject;
  return { object, unknowns: unknowns.filter((path) => !/^(status|__)/.test(path)), isPatch };
}

/** Whether Pulumi chose the name, which the provider notes on the object. */
export function isAutonamed({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.['pulumi.com/autonamed'] === 'true';
}
