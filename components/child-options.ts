import * as pulumi from '@pulumi/pulumi';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';

/** A component that not everything in a component which depends on it must wait for. */
export interface Selective {
  /** Whether `object` must wait for this component. */
  neededBy(object: KubernetesObject): boolean;
}

/**
 * Options of a component's child: the component is its parent, and it waits for whatever the component waits for. Pulumi hands `deletedWith`, `protect`, `retainOnDelete` and the provider
 * down to children by itself, `dependsOn` it does not.
 * @param after - siblings that must be there first
 * @param objects - what the child is or holds: it does not wait for what none of them needs
 */
export function childOptions(
  parent: pulumi.ComponentResource,
  opts: pulumi.ComponentResourceOptions = {},
  after: pulumi.Resource[] = [],
  ...objects: KubernetesObject[]
): pulumi.CustomResourceOptions {
  const dependsOn = objects.length === 0 ? opts.dependsOn : needed(opts.dependsOn, objects);
  return pulumi.mergeOptions({ parent, dependsOn: after }, dependsOn === undefined ? {} : { dependsOn });
}

function needed(dependsOn: pulumi.ResourceOptions['dependsOn'], objects: KubernetesObject[]): typeof dependsOn {
  const isNeeded = (resource: object): boolean =>
    !isSelective(resource) || objects.some((object) => resource.neededBy(object));
  if (Array.isArray(dependsOn)) return dependsOn.filter(isNeeded);
  return dependsOn === undefined || isNeeded(dependsOn) ? dependsOn : [];
}

function isSelective(resource: object): resource is Selective {
  // An Output answers to every name.
  return !pulumi.Output.isInstance(resource) && 'neededBy' in resource;
}
