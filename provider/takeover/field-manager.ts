import { createHash } from 'node:crypto';
import type { ManagedObject } from '../../cluster/api/cluster-objects';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';

/** By it the Kubernetes provider is told under which name it applies an object (Pulumi: Kubernetes provider, server-side apply). */
export const fieldManagerAnnotation = 'pulumi.com/patchFieldManager';

/**
 * Name under which a resource applies its object: its own, and the same in every run. With a random one, as the provider takes by itself, nobody could tell who made an object whose maker was killed, and the fields that
 * it has written would stay in dispute between it and its successor.
 * @param stack - the stack's full name, `organization/project/stack`
 * @param name - the resource's name
 */
export function fieldManager(stack: string, name: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([stack, name]))
    .digest('hex');
  return `meshwright-${hash.slice(0, 20)}`;
}

/** The object, to be applied under that name unless it states one of its own. */
export function managedBy(object: KubernetesObject, manager: string): KubernetesObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: { ...metadata, annotations: { [fieldManagerAnnotation]: manager, ...metadata.annotations } },
  };
}

/** Everybody who has written a part of the object, each once. */
export function managersOf({ metadata }: ManagedObject): string[] {
  return [...new Set((metadata?.managedFields ?? []).map(({ manager = '' }) => manager))].sort();
}

/** Whether `manager` has applied the object. */
export function isAppliedBy({ metadata }: ManagedObject, manager: string): boolean {
  return (metadata?.managedFields ?? []).some((entry) => entry.manager === manager && entry.operation === 'Apply');
}
