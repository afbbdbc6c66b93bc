import type { PolicyResource } from '@pulumi/policy';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import type { PulumiResource } from '../pulumi-facts';
import { isAutonamed, kubernetesResource, type KubernetesResource } from './kubernetes-resource';
import { knownPart } from './known-part';
import { recordedInputs } from './recorded-inputs';

/** A stack as the check sees it. */
export interface StackResources {
  /** All objects that can be placed: whose name and namespace are known. */
  objects: KubernetesObject[];
  /** Paths of unknown values, of placed objects and of others. */
  unknowns: Map<KubernetesObject, string[]>;
  /** Objects that cannot be placed, because their name or namespace is unknown. */
  unplaced: KubernetesObject[];
  resources: PulumiResource[];
  /** URN of an object by kind, namespace and name, as findings have them. */
  urns: Map<string, string>;
}

/** Resources by what their program asked for, where that was seen in this run, and by what is in the state otherwise. */
export function stackResources(resources: readonly PolicyResource[]): StackResources {
  const stack: StackResources = { objects: [], unknowns: new Map(), unplaced: [], resources: [], urns: new Map() };
  for (const resource of resources) {
    const kubernetes = recordedInputs(resource.urn) ?? kubernetesResource(resource.type, resource.props);
    if (kubernetes === undefined || isForeignPatch(kubernetes)) {
      stack.resources.push(pulumiResource(resource));
      continue;
    }
    const { object, unknowns } = withNamespace(kubernetes, resource);
    stack.resources.push({ ...pulumiResource(resource), object, nameGiven: !isAutonamed(object) });
    stack.urns.set(objectName(object.kind, object.metadata.namespace ?? '', object.metadata.name), resource.urn);
    if (unknowns.length > 0) stack.unknowns.set(object, unknowns);
    if (unknowns.some((path) => /^metadata(\.(name|namespace))?$/.test(path))) stack.unplaced.push(object);
    else stack.objects.push(object);
  }
  return stack;
}

export function objectName(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

/** A patch of a Namespace shows that there is one; of any other object it shows too little to judge. */
function isForeignPatch({ isPatch, object }: KubernetesResource): boolean {
  return isPatch && object.kind !== 'Namespace';
}

/**
 * An object whose namespace is unknown only because it is an output of the Namespace that it depends on, which is usual where the cluster itself is made in the same
 * program: the name stands in that Namespace's inputs.
 */
function withNamespace(
  { object, unknowns }: KubernetesResource,
  resource: PolicyResource,
): { object: KubernetesObject; unknowns: string[] } {
  if (!unknowns.includes('metadata.namespace')) return { object, unknowns };
  const owners = (resource.propertyDependencies['metadata'] ?? []).filter(
    ({ type }) => type === 'kubernetes:core/v1:Namespace',
  );
  const names = new Set(owners.map(namespaceName));
  const [name] = names;
  if (names.size !== 1 || name === undefined) return { object, unknowns };
  return {
    object: { ...object, metadata: { ...object.metadata, namespace: name } },
    unknowns: unknowns.filter((path) => path !== 'metadata.namespace'),
  };
}

function namespaceName({ urn, type, props }: PolicyResource): string | undefined {
  const { object } = recordedInputs(urn) ?? kubernetesResource(type, props) ?? {};
  const name: unknown = object?.metadata.name;
  return typeof name === 'string' ? name : undefined;
}

function pulumiResource({ urn, type, opts, provider, parent, dependencies, props }: PolicyResource): PulumiResource {
  const chart = type === 'kubernetes:helm.sh/v3:Release' ? knownPart(props).value['chart'] : undefined;
  return {
    urn,
    type,
    ...(typeof chart === 'string' ? { chart: chart.split('/').at(-1) ?? chart } : {}),
    options: {
      ignoreChanges: opts.ignoreChanges,
      ...(opts.deleteBeforeReplace === undefined ? {} : { deleteBeforeReplace: opts.deleteBeforeReplace }),
    },
    provider: provider?.urn ?? '',
    ...(parent === undefined ? {} : { parent: parent.urn }),
    dependencies: dependencies.map((dependency) => dependency.urn),
  };
}
