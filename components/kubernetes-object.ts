import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { apiGroup, objectTitle, type KubernetesObject } from '../mesh/manifests/kubernetes';

type ObjectClass = new (name: string, args: object, opts: pulumi.CustomResourceOptions) => pulumi.CustomResource;

/** Versions in which Istio serves each of its groups. An object that moves from one to another is the same object. */
const istioVersions: Record<string, string[]> = {
  'networking.istio.io': ['v1', 'v1beta1', 'v1alpha3'],
  'security.istio.io': ['v1', 'v1beta1'],
  'telemetry.istio.io': ['v1', 'v1alpha1'],
};

/**
 * Registers any Kubernetes object under the type token of its kind, e.g. `kubernetes:apps/v1:Deployment`, so that diffs are per object and policies for a kind see it, whichever way it was
 * written. `CustomResource` makes the right token for every group but the core one, whose token names the group that its apiVersion leaves out.
 * @param secret - whether everything but the metadata is to be encrypted in the state. Always so for the data of a Secret.
 * @throws pulumi.ResourceError for a kind that the core group does not have.
 */
export function kubernetesObject(
  name: string,
  object: KubernetesObject,
  opts: pulumi.CustomResourceOptions,
  secret = false,
): pulumi.CustomResource {
  const { apiVersion, kind } = object;
  const args = secret ? sealed(object) : object;
  const options = pulumi.mergeOptions(opts, { aliases: versionAliases(object) });
  if (apiGroup(apiVersion) !== '') {
    return new kubernetes.apiextensions.CustomResource(name, { ...args, apiVersion, kind }, options);
  }
  const CoreClass = (kubernetes.core.v1 as unknown as Partial<Record<string, ObjectClass>>)[kind];
  if (apiVersion !== 'v1' || CoreClass === undefined) {
    const message = `${objectTitle(object)}: apiVersion ${apiVersion} has no kind ${kind}; name its API group, e.g. apps/v1`;
    throw new pulumi.ResourceError(message, opts.parent, true);
  }
  return new CoreClass(name, args, options);
}

/** An object's namespace and name in a form that no other object of its kind has. */
export function objectId({ metadata }: KubernetesObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

function sealed({ apiVersion, kind, metadata, ...fields }: KubernetesObject): object {
  const secrets = Object.entries(fields).map(([key, value]): [string, pulumi.Output<unknown>] => [
    key,
    pulumi.secret(value),
  ]);
  return { apiVersion, kind, metadata, ...Object.fromEntries(secrets) };
}

/** The type tokens that the object has in the group's other versions: without them a new apiVersion would make Pulumi create what is there already. */
function versionAliases({ apiVersion, kind }: KubernetesObject): pulumi.Alias[] {
  const group = apiGroup(apiVersion);
  return (istioVersions[group] ?? [])
    .map((version) => `${group}/${version}`)
    .filter((other) => other !== apiVersion)
    .map((other) => ({ type: `kubernetes:${other}:${kind}` }));
}
