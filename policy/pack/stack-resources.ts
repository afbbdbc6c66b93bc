import { objectTitle, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { isRouteType } from '../../mesh/manifests/route-set';
import { asName } from '../../mesh/json';
import { memoizeByIdentity } from '../../mesh/model/memoize';
import type { WeightOwners } from '../../mesh/model/mesh-model';
import { subjectOf } from '../finding';
import type { PulumiResource } from '../rule';
import {
  ignoredInObject,
  knownPart,
  type KubernetesResource,
  kubernetesResources,
  recordedInputs,
  type StackResource,
} from './resource';

/** A stack as the check sees it. */
export interface StackResources {
  /** All objects whose name and namespace are known. */
  objects: KubernetesObject[];
  /** Paths of unknown values, by object. */
  unknowns: Map<KubernetesObject, string[]>;
  /** Objects whose name or namespace is unknown. */
  unplaced: KubernetesObject[];
  /** VirtualServices of which a controller sets the weights. */
  weightOwners: WeightOwners;
  resources: PulumiResource[];
  /** URN of an object by kind, namespace and name, as findings have them. */
  urns: Map<string, string>;
}

type PlacedObject = Pick<KubernetesResource, 'object' | 'unknowns' | 'isAutonamed'>;

/** The stack's objects: by the inputs of their resources if this run saw them, else by their outputs. */
export const stackResources = memoizeByIdentity((resources: readonly StackResource[]): StackResources => {
  const stack: StackResources = {
    objects: [],
    unknowns: new Map(),
    unplaced: [],
    weightOwners: {},
    resources: [],
    urns: new Map(),
  };
  for (const resource of resources) {
    const kubernetes = seen(resource).filter((one) => !isForeignPatch(one));
    const facts = pulumiResource(resource);
    if (kubernetes.length === 0) stack.resources.push(facts);
    for (const one of kubernetes) place(stack, facts, withNamespace(one, resource));
    Object.assign(stack.weightOwners, weightOwners(resource, kubernetes));
  }
  return stack;
});

/** The VirtualServices of a Route whose weights a controller sets (`weightsOwnedBy`). */
function weightOwners({ type, props }: StackResource, objects: readonly KubernetesResource[]): WeightOwners {
  const owner = isRouteType(type) ? asName(knownPart(props).value['weightsOwnedBy']) : undefined;
  if (owner === undefined) return {};
  const routes = objects.filter(({ object }) => object.kind === 'VirtualService').map(({ object }) => object.metadata);
  return Object.fromEntries(routes.map(({ namespace = 'default', name }) => [`${namespace}/${name}`, owner]));
}

function seen(resource: StackResource): readonly KubernetesResource[] {
  return recordedInputs(resource.urn) ?? kubernetesResources(resource);
}

function place(stack: StackResources, facts: PulumiResource, { object, unknowns, isAutonamed }: PlacedObject): void {
  const ignored = facts.options?.ignoreChanges ?? [];
  const ofSet = isRouteType(facts.type) && ignored.length > 0;
  const own = ofSet
    ? { options: { ...facts.options, ignoreChanges: ignoredInObject(ignored, objectTitle(object)) } }
    : {};
  stack.resources.push({ ...facts, ...own, object, nameGiven: !isAutonamed });
  stack.urns.set(subjectOf(object), facts.urn);
  if (unknowns.length > 0) stack.unknowns.set(object, unknowns);
  if (unknowns.some((path) => /^metadata(\.(name|namespace))?$/.test(path))) stack.unplaced.push(object);
  else stack.objects.push(object);
}

/** A patch of a Namespace proves that the Namespace exists. Patches of other objects have too few fields to judge. */
function isForeignPatch({ isPatch, object }: KubernetesResource): boolean {
  return isPatch && object.kind !== 'Namespace';
}

/**
 * Fills in a namespace that is unknown because it is an output of a Namespace resource. This is usual when the program also creates the cluster; the name is in the
 * Namespace's inputs.
 */
function withNamespace(placed: PlacedObject, resource: StackResource): PlacedObject {
  const { object, unknowns } = placed;
  if (!unknowns.includes('metadata.namespace')) return placed;
  const owners = (resource.propertyDependencies['metadata'] ?? []).filter(
    ({ type }) => type === 'kubernetes:core/v1:Namespace',
  );
  const names = new Set(owners.map(namespaceName));
  const [name] = names;
  if (names.size !== 1 || name === undefined) return placed;
  return {
    ...placed,
    object: { ...object, metadata: { ...object.metadata, namespace: name } },
    unknowns: unknowns.filter((path) => path !== 'metadata.namespace'),
  };
}

function namespaceName(resource: StackResource): string | undefined {
  const name: unknown = seen(resource)[0]?.object.metadata.name;
  return typeof name === 'string' ? name : undefined;
}

function pulumiResource(resource: StackResource): PulumiResource {
  const { urn, type, opts, provider, parent, dependencies } = resource;
  const chart = type === 'kubernetes:helm.sh/v3:Release' ? knownPart(resource.props).value['chart'] : undefined;
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
