import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { routeSetType } from '../../mesh/manifests/route-set';
import { asMap, isMap, type JsonMap } from '../../mesh/model/json';
import { canonical } from '../../mesh/model/canonical';
import { oncePer } from '../../mesh/model/once-per';
import { knownPart } from './known-part';
import { met } from './met';
import type { StackResource } from './resource';
import { objectsOfSet } from './route-set';

/** A resource that Pulumi keeps in a cluster, as far as its properties are known. */
export interface KubernetesResource {
  object: KubernetesObject;
  /** Paths of what is not known yet. */
  unknowns: string[];
  /** A part of an object that somebody else owns, not the whole of it. */
  isPatch: boolean;
  /** Whether Pulumi chose the name. */
  isAutonamed: boolean;
}

const typeToken = /^kubernetes:([^:]+):([A-Za-z0-9]+)$/;

/** Annotations that tell Pulumi's provider how to go about an object, and say nothing about the object. */
const ofProvider = 'pulumi.com/';
/** By this one the provider notes that it chose the name. */
const autonamed = 'pulumi.com/autonamed';

/** Types of the provider that are no Kubernetes object. */
const otherGroups = ['helm.sh/', 'yaml', 'kustomize'];

type Registered = Pick<StackResource, 'type' | 'props'>;

/** The Kubernetes objects that a resource is or, for a route set, holds; none for any other resource. */
export const kubernetesResources = oncePer((resource: Registered): readonly KubernetesResource[] => {
  if (resource.type === routeSetType) return objectsOfSet(resource.props);
  const own = kubernetesResource(resource);
  if (own === undefined) return [];
  if (own.unknowns.length > 0) return [own];
  const text = canonical(own);
  // Its fields in one order: the engine hands them over in any.
  return met(text, () => [JSON.parse(text) as KubernetesResource]);
});

/**
 * The Kubernetes object that a resource is. Goes by the type token, since a CustomResource has no class that a policy could ask for.
 * @returns undefined for any other resource
 */
function kubernetesResource(resource: Registered): KubernetesResource | undefined {
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
    metadata: ofObject(asMap(metadata)),
    ...Object.fromEntries(own),
  } as unknown as KubernetesObject;
  return {
    object,
    unknowns: unknowns.filter((path) => !/^(status|__)/.test(path)),
    isPatch,
    isAutonamed: asMap(asMap(metadata)['annotations'])[autonamed] === 'true',
  };
}

/** Metadata without what is said to the provider only; whether it is any is for the rules to find out. */
function ofObject(metadata: JsonMap): JsonMap {
  const { annotations, ...rest } = metadata;
  if (!isMap(annotations)) return metadata;
  const told = Object.entries(annotations).filter(([key]) => !key.startsWith(ofProvider));
  return told.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(told) };
}
