import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { apiGroup, type KubernetesObject, objectTitle } from '../mesh/manifests/kubernetes';
import type { Release } from '../mesh/manifests/release';

/** Settings that may hold secrets. */
export interface SecretOptions {
  /** Encrypt values and specs in the state, and hide them in previews. Defaults to false. The data of a Secret is always encrypted. */
  secret?: boolean;
}

/** A component that makes only some children of its dependents wait. */
export interface DependencyFilter {
  /** Whether `object` must wait for this component. */
  neededBy(object: KubernetesObject): boolean;
}

/**
 * Options of a component's child: the component is its parent, and it waits for whatever the component waits for. Pulumi passes `deletedWith`, `protect`, `retainOnDelete` and the provider on to
 * children, but not `dependsOn`.
 * @param after - siblings that must exist first
 * @param objects - the objects of the child; dependencies that none of them needs are skipped
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

/** Options of a component whose class had another name in older versions, so that states of those keep its objects. */
export function formerly(name: string, opts?: pulumi.ComponentResourceOptions): pulumi.ComponentResourceOptions {
  return pulumi.mergeOptions(opts, { aliases: [{ type: `meshwright:index:${name}` }] });
}

function needed(dependsOn: pulumi.ResourceOptions['dependsOn'], objects: KubernetesObject[]): typeof dependsOn {
  const isNeeded = (resource: object): boolean =>
    !isFilter(resource) || objects.some((object) => resource.neededBy(object));
  if (Array.isArray(dependsOn)) return dependsOn.filter(isNeeded);
  return dependsOn === undefined || isNeeded(dependsOn) ? dependsOn : [];
}

function isFilter(resource: object): resource is DependencyFilter {
  // An Output seems to have every property.
  return !pulumi.Output.isInstance(resource) && 'neededBy' in resource;
}

type ObjectClass = new (name: string, args: object, opts: pulumi.CustomResourceOptions) => pulumi.CustomResource;

/** The versions in which Istio serves each of its API groups. */
const istioVersions: Record<string, string[]> = {
  'networking.istio.io': ['v1', 'v1beta1', 'v1alpha3'],
  'security.istio.io': ['v1', 'v1beta1'],
  'telemetry.istio.io': ['v1', 'v1alpha1'],
};

/**
 * Registers a Kubernetes object under the type token of its kind, e.g. `kubernetes:apps/v1:Deployment`, so that diffs are per object and policies see its kind. `CustomResource` makes the right token for
 * every group but the core group, whose token has a group name that the apiVersion leaves out.
 * @param secret - whether to encrypt everything but the metadata in the state. The data of a Secret is always encrypted.
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

/** Namespace and name of an object, unique among the objects of its kind. */
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

/** Type tokens of the object in other versions of its group. Without them a new apiVersion would make Pulumi create an object that exists. */
function versionAliases({ apiVersion, kind }: KubernetesObject): pulumi.Alias[] {
  const group = apiGroup(apiVersion);
  return (istioVersions[group] ?? [])
    .map((version) => `${group}/${version}`)
    .filter((other) => other !== apiVersion)
    .map((other) => ({ type: `kubernetes:${other}:${kind}` }));
}

/** Kinds in which or from which other objects are made. */
const firstKinds = ['Namespace', 'CustomResourceDefinition'];
/** Kinds that send traffic: to Services and workloads, and routes also to subsets, which DestinationRules define. */
const ruleKinds = ['DestinationRule'];
const routeKinds = ['VirtualService', 'HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'UDPRoute', 'Ingress'];

/**
 * Registers objects in phases: what others live in, workloads and everything else, DestinationRules, routes. Each phase waits for the ones before it.
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
  const named = [firstKinds, ruleKinds, routeKinds];
  const [first = [], rules = [], routes = []] = named.map((kinds) =>
    objects.filter(({ kind }) => kinds.includes(kind)),
  );
  const others = objects.filter(({ kind }) => !named.flat().includes(kind));
  return [first, others, rules, routes];
}

/** How Helm installs the releases of a component. */
export interface HelmOptions {
  /** Longest wait for a release to be Ready, in seconds. Defaults to 600. */
  timeoutSeconds?: number;
  /**
   * Uninstall after a failed install, and roll a failed upgrade back. Defaults to true. After a run that was killed, Helm still says "another operation is in progress": run `helm rollback`, or delete
   * the newest `sh.helm.release.v1.…` Secret, then run again.
   */
  atomic?: boolean;
}

/** Registers one Helm release under its fixed name. */
export function helmRelease(
  name: string,
  release: Release,
  { timeoutSeconds = 600, atomic = true, secret = false }: HelmOptions & SecretOptions,
  opts: pulumi.CustomResourceOptions,
): kubernetes.helm.v3.Release {
  const { chart, namespace, repository, version, values } = release;
  return new kubernetes.helm.v3.Release(
    name,
    {
      name: release.name,
      namespace,
      chart,
      ...(version === undefined ? {} : { version }),
      ...(repository === undefined ? {} : { repositoryOpts: { repo: repository } }),
      values: secret ? pulumi.secret(values) : values,
      // Without it Helm keeps the old values when all of them are removed.
      resetValues: true,
      skipAwait: false,
      atomic,
      timeout: timeoutSeconds,
    },
    opts,
  );
}
