import * as pulumi from '@pulumi/pulumi';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { KubeconfigOptions } from '../../cluster/api/kubeconfig';
import { ClusterObjects } from '../../cluster/api/cluster-objects';
import { fieldManager, managedBy } from './field-manager';
import { guard } from './guard';

/**
 * Has an update finish what a killed one has begun: of objects that are in the cluster, but in no state, those are taken over that the same resource of the same stack has made, and no others
 * (docs/decisions/takeover.md). For all Kubernetes objects that are registered after this; the provider must be told to take over what is there (`kubernetes:upsertExistingObjects` in Pulumi.yaml).
 * @param cluster - which one the stack is for
 */
export function takeOverOwnObjects(cluster: KubeconfigOptions): void {
  const stack = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join('/');
  const hooks = takesOverAll() ? {} : { hooks: { beforeCreate: [onlyOwnObjects(cluster)] } };
  pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
    if (!isObject(type, props)) return undefined;
    // A patch is for what others have made.
    const isPatch = type.endsWith(`:${props.kind}Patch`);
    const options = isPatch ? opts : pulumi.mergeOptions(opts, hooks);
    return { props: managedBy(props, fieldManager(stack, name)), opts: options };
  });
}

/** The provider's own word for whoever wants everything to be taken over. */
function takesOverAll(): boolean {
  return process.env['PULUMI_K8S_UPSERT_EXISTING_OBJECTS'] === 'true';
}

/** Not a release, whose chart makes objects of its own, nor a provider. */
function isObject(type: string, props: object): props is KubernetesObject {
  return type.startsWith('kubernetes:') && 'kind' in props && 'metadata' in props;
}

function onlyOwnObjects(cluster: KubeconfigOptions): pulumi.ResourceHook {
  const open = async (): Promise<ClusterObjects> => {
    const { Connection } = await import('../../cluster/api/connection.js');
    return new ClusterObjects(Connection.open(cluster));
  };
  return new pulumi.ResourceHook('only-own-objects', guard(open), { onDryRun: true });
}
