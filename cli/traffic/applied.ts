import { asMap } from '../../mesh/json';
import { objectKey, objectTitle, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { mergedOptions, type TrafficInput } from '../../mesh/traffic';

/**
 * A cluster after a stack's objects are applied to it. Existing objects keep their age, because in some conflicts the
 * oldest object wins.
 * @param removed - titles of removed objects, see {@link objectTitle}
 */
export function appliedTo(cluster: TrafficInput, stack: TrafficInput, removed: readonly string[] = []): TrafficInput {
  const left = cluster.objects.filter((object) => !removed.includes(objectTitle(object)));
  const present = new Map(left.map((object) => [objectKey(object), object]));
  for (const object of stack.objects) {
    if (present.has(objectKey(object)) && hasUnknownPods(object)) continue;
    const metadata = { ...present.get(objectKey(object))?.metadata, ...object.metadata };
    present.set(objectKey(object), { ...object, metadata });
  }
  return { objects: [...present.values()], options: mergedOptions([cluster, stack]) };
}

/** Of the pods of an existing gateway a stack has only the labels; the cluster has all. */
function hasUnknownPods({ kind, spec }: KubernetesObject): boolean {
  return kind === 'Deployment' && asMap(asMap(spec)['template'])['spec'] === undefined;
}
