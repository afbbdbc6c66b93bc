import * as pulumi from '@pulumi/pulumi';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { ClusterObjects } from '../../cluster/api/cluster-objects';
import { refusal } from './verdict';

/**
 * What Pulumi asks before it makes an object: nothing that is there already is touched, unless the same resource has made it.
 * @param open - opens the cluster when the first object is to be made; most runs make none
 * @throws Error saying whose the object is, or why that cannot be seen. A preview can be had before its cluster is there.
 */
export function guard(open: () => Promise<Pick<ClusterObjects, 'get'>>): pulumi.ResourceHookFunction {
  let objects: ReturnType<typeof open> | undefined;
  return async ({ newInputs }) => {
    const object = newInputs as KubernetesObject;
    objects ??= open();
    const there = await objects.then((all) => all.get(object)).catch(unlessPreview);
    const reason = refusal(object, there);
    if (reason !== undefined) throw new Error(reason);
  };
}

function unlessPreview(error: unknown): undefined {
  if (pulumi.runtime.isDryRun()) return undefined;
  throw error;
}
