import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { meshModel, type MeshModel } from '../mesh/model/mesh-model';
import { meshObject, type MeshObject } from '../mesh/model/objects';
import { memoizeByIdentity } from '../mesh/model/memoize';
import type { CheckOptions, Rule, Violation } from './rule';
import { sortedObjects } from './finding';

/**
 * What Pulumi knows about a resource besides its object. Plain data, so that tests need no Pulumi; the policy pack
 * fills it from the engine's messages.
 */
export interface PulumiResource {
  urn: string;
  /** Type token, e.g. `kubernetes:networking.istio.io/v1:VirtualService`. */
  type: string;
  /** The Kubernetes object; undefined for anything else, such as a Helm release or a component. */
  object?: KubernetesObject;
  /** For a Helm release: the name of its chart, without repository. */
  chart?: string;
  /** False when Pulumi chose `metadata.name`. Defaults to true. */
  nameGiven?: boolean;
  options?: PulumiOptions;
  /** URN of the provider. Defaults to '', the default provider. */
  provider?: string;
  /** URN of the parent. */
  parent?: string;
  /** URNs of the resources that this one waits for, its direct dependencies. */
  dependencies?: readonly string[];
}

/** The resource options that rules read, as the program gives them. */
export interface PulumiOptions {
  /** Property paths. */
  ignoreChanges?: readonly string[];
  deleteBeforeReplace?: boolean;
}

/** A rule over the resources of one Pulumi program; only the policy pack can run it. */
export interface ResourceRule extends Omit<Rule, 'check' | 'single'> {
  check(resources: readonly PulumiResource[], options: CheckOptions): Violation[];
}

/** A resource that is a Kubernetes object, as rules see it. */
export interface ObjectResource extends PulumiResource {
  object: KubernetesObject;
  mesh: MeshObject;
}

/** The resources that are Kubernetes objects with a name. */
export const objectResources = memoizeByIdentity((resources: readonly PulumiResource[]): readonly ObjectResource[] =>
  resources.flatMap((resource) => {
    const { object } = resource;
    const mesh = meshObject(object);
    return object === undefined || mesh === undefined ? [] : [{ ...resource, object, mesh }];
  }),
);

/** The model of the objects that are resources: the check's own model, if its objects are the same. */
export function resourceModel(resources: readonly ObjectResource[], mesh: CheckOptions['mesh']): MeshModel {
  return meshModel(sortedObjects(resources.map(({ object }) => object)), mesh);
}
