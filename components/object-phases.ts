import type * as pulumi from '@pulumi/pulumi';
import { kubernetesObject, objectId } from './kubernetes-object';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';

/** Kinds in the order in which they must reach the API: what others live in or are defined by first, what sends traffic to others last. All else goes in between. */
const firstKinds = ['Namespace', 'CustomResourceDefinition'];
const lastKinds = ['VirtualService'];

/**
 * Registers objects so that each phase waits for the ones before it.
 * @param options - resource options of an object that waits for `before`
 */
export function objectsInPhases(
  name: string,
  objects: KubernetesObject[],
  options: (before: pulumi.Resource[], object: KubernetesObject) => pulumi.CustomResourceOptions,
  secret = false,
): pulumi.Resource[] {
  return phases(objects).reduce<pulumi.Resource[]>(
    (before, phase) => [
      ...before,
      ...phase.map((object) =>
        kubernetesObject(`${name}-${objectId(object)}`, object, options(before, object), secret),
      ),
    ],
    [],
  );
}

function phases(objects: KubernetesObject[]): KubernetesObject[][] {
  const first = objects.filter(({ kind }) => firstKinds.includes(kind));
  const last = objects.filter(({ kind }) => lastKinds.includes(kind));
  return [first, objects.filter((object) => !first.includes(object) && !last.includes(object)), last];
}
