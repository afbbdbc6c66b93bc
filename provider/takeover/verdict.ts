import { objectTitle, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { ManagedObject } from '../../cluster/api/cluster-objects';
import { fieldManagerAnnotation, isAppliedBy, managersOf } from './field-manager';

/**
 * Why an object that a resource is about to make must not be made; undefined when it may.
 * @param object - as it is to be, with the name under which it is applied
 * @param there - as the cluster has it
 */
export function refusal(object: KubernetesObject, there: ManagedObject | undefined): string | undefined {
  if (there === undefined) return undefined;
  const title = objectTitle(object);
  if (there.metadata?.deletionTimestamp !== undefined) {
    return `${title} is being deleted: run this again when it has gone`;
  }
  if (isAppliedBy(there, object.metadata.annotations?.[fieldManagerAnnotation] ?? '')) return undefined;
  const others = managersOf(there).join(', ');
  return [
    `${title} is in the cluster already, and this resource has not made it${others === '' ? '' : ` (${others} did)`}.`,
    ...(object.kind === 'Namespace'
      ? ['With `existing: true` the stack only labels a namespace, and leaves it behind.']
      : []),
    "PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true, set for one run, takes over whatever is there; it is then the stack's, and goes with it.",
  ].join('\n');
}
