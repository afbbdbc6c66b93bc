import type { PolicyResourceOptions, ResourceValidationArgs, StackValidationArgs } from '@pulumi/policy';
import { asMap, isMap, type JsonMap } from '../../mesh/json';
import { isForProvider, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { isRouteType, objectPath } from '../../mesh/manifests/route-set';
import { memoizeByIdentity } from '../../mesh/model/memoize';
import { unknownString } from '../../runtime/engine-values';

/** What the pack reads of a resource of a stack; Pulumi's SDK for policies has more. */
export interface StackResource {
  type: string;
  urn: string;
  name: string;
  props: Readonly<Record<string, unknown>>;
  opts: Pick<PolicyResourceOptions, 'ignoreChanges' | 'deleteBeforeReplace'>;
  provider?: { urn: string };
  parent?: { urn: string };
  dependencies: readonly { urn: string }[];
  propertyDependencies: Readonly<Record<string, readonly StackResource[]>>;
}

/** The part of the run that policies read. */
export type RunArgs = Pick<StackValidationArgs, 'getConfig' | 'stackTags'>;

/** What a policy for single resources reads. */
export type ResourceArgs = RunArgs & Pick<ResourceValidationArgs, 'type' | 'urn' | 'props'>;

/** What a policy for whole stacks reads. */
export type StackArgs = RunArgs & { resources: readonly StackResource[] };

/** Reports a violation, for a stack with the URN of the resource. */
export type Report = (message: string, urn?: string) => void;

/** A resource of a cluster, as far as its properties are known. */
export interface KubernetesResource {
  object: KubernetesObject;
  /** Paths of values that are not known yet. */
  unknowns: string[];
  /** True for a patch resource: some fields of an object that something else created. */
  isPatch: boolean;
  /** Whether Pulumi chose the name. */
  isAutonamed: boolean;
}

const typeToken = /^kubernetes:([^:]+):([A-Za-z0-9]+)$/;

/** The provider sets this annotation when it chose the name. */
const autonamed = 'pulumi.com/autonamed';

/** Groups of the provider whose types are not Kubernetes objects. */
const otherGroups = ['helm.sh/', 'yaml', 'kustomize'];

type Registered = Pick<StackResource, 'type' | 'props'>;

/** The Kubernetes objects of a resource: itself, or those in a route set. Empty for any other resource. */
export const kubernetesResources = memoizeByIdentity((resource: Registered): readonly KubernetesResource[] => {
  if (isRouteType(resource.type)) return objectsOfSet(resource.props);
  const own = kubernetesResource(resource);
  return own === undefined ? [] : [own];
});

/**
 * The resource as a Kubernetes object. Its type token decides: a CustomResource has no class that a policy could test
 * for.
 */
function kubernetesResource(resource: Registered): KubernetesResource | undefined {
  const [, token, typeName] = typeToken.exec(resource.type) ?? [];
  if (token === undefined || typeName === undefined || otherGroups.some((group) => token.startsWith(group)))
    return undefined;
  const { value, unknowns } = knownPart(resource.props);
  const isPatch = typeName.endsWith('Patch');
  const { apiVersion, kind, metadata, ...rest } = value;
  const own = Object.entries(rest).filter(([key]) => !key.startsWith('__') && key !== 'status' && key !== 'id');
  const object = {
    apiVersion: typeof apiVersion === 'string' ? apiVersion : token.replace(/^core\//, ''),
    kind: typeof kind === 'string' ? kind : typeName.replace(/Patch$/, ''),
    metadata: withoutProviderAnnotations(asMap(metadata)),
    ...Object.fromEntries(own),
  } as unknown as KubernetesObject;
  return {
    object,
    unknowns: unknowns.filter((path) => !/^(status|__)/.test(path)),
    isPatch,
    isAutonamed: asMap(asMap(metadata)['annotations'])[autonamed] === 'true',
  };
}

/** Metadata without the annotations for the provider. */
function withoutProviderAnnotations(metadata: JsonMap): JsonMap {
  const { annotations, ...rest } = metadata;
  if (!isMap(annotations)) return metadata;
  const own = Object.entries(annotations).filter(([key]) => !isForProvider(key));
  return own.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(own) };
}

/**
 * The objects in a route set. If an object is not known yet, its key still gives its kind and name.
 * @param props - of a resource of type `routeSetType`
 */
function objectsOfSet(props: Readonly<Record<string, unknown>>): readonly KubernetesResource[] {
  const { value, unknowns } = knownPart(props);
  const known = Object.values(asMap(value['objects'])).map(String).flatMap(objectOf);
  return [
    ...known.map((object) => ({ object, unknowns: [], isPatch: false, isAutonamed: false })),
    ...unknowns.flatMap(unknownObject),
  ];
}

/** Translates property paths of a route set into paths of one of its objects. */
export function ignoredInObject(paths: readonly string[], title: string): string[] {
  const own = objectPath(title);
  return paths.map((path) => (path === 'objects' || path === own ? 'spec' : path));
}

function objectOf(text: string): KubernetesObject[] {
  try {
    return [JSON.parse(text) as KubernetesObject];
  } catch {
    // The provider's check of the set reports it.
    return [];
  }
}

function unknownObject(path: string): KubernetesResource[] {
  const [, kind, namespace, name] = /^objects\["(\w+) ([^/]+)\/(.+)"\]$/.exec(path) ?? [];
  if (kind === undefined || namespace === undefined || name === undefined) return [];
  const object = { apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace } };
  return [{ object, unknowns: ['spec'], isPatch: false, isAutonamed: false }];
}

/** Properties of a resource as far as they are known. */
export interface KnownPart {
  /** A copy without the unknown values. An unknown item of a list is null, so that the others keep their index. */
  value: Record<string, unknown>;
  /** Paths of the unknown values, e.g. `spec.http[0].route[1].weight`. */
  unknowns: string[];
}

/** How Pulumi encodes an unknown bool, number, string, list, asset, archive and map (sdk/go/common/resource/plugin/rpc.go). */
const unknownMarks: ReadonlySet<unknown> = new Set([
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  unknownString,
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  '030794c1-ac77-496b-92df-f27374a8bd58',
  'e48ece36-62e2-4504-bad9-02848725956a',
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
]);

/**
 * Copies the known properties. The SDK's proxy throws when an unknown value is read, and one such throw would end the whole policy with an advisory message, so
 * every read is guarded.
 */
export function knownPart(props: Readonly<Record<string, unknown>>): KnownPart {
  const unknowns: string[] = [];
  return { value: copyMap(props, '', unknowns), unknowns };
}

function copy(value: unknown, path: string, unknowns: string[]): unknown {
  if (Array.isArray(value)) return copyList(value, path, unknowns);
  if (typeof value === 'object' && value !== null) return copyMap(value as Record<string, unknown>, path, unknowns);
  return value;
}

function copyList(list: readonly unknown[], path: string, unknowns: string[]): unknown[] {
  const items: unknown[] = [];
  for (let index = 0; index < list.length; index++) {
    const item = read(() => list[index]);
    const place = `${path}[${index}]`;
    if (item === undefined) unknowns.push(place);
    items.push(item === undefined ? null : copy(item.value, place, unknowns));
  }
  return items;
}

function copyMap(map: Readonly<Record<string, unknown>>, path: string, unknowns: string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(map)) {
    const field = read(() => map[key]);
    const place = below(path, key);
    if (field === undefined) unknowns.push(place);
    else fields[key] = copy(field.value, place, unknowns);
  }
  return fields;
}

function read(get: () => unknown): { value: unknown } | undefined {
  try {
    const value = get();
    return unknownMarks.has(value) ? undefined : { value };
  } catch (error) {
    // Compared by name: two copies of the SDK have two classes.
    if (error instanceof Error && error.constructor.name === 'UnknownValueError') return undefined;
    throw error;
  }
}

function below(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** Inputs by URN, as the resource policies of this run saw them. Stack policies see outputs only, which a preview may not know. */
const inputs = new Map<string, readonly KubernetesResource[]>();

export function recordInputs(urn: string, resources: readonly KubernetesResource[]): void {
  inputs.set(urn, resources);
}

export function recordedInputs(urn: string): readonly KubernetesResource[] | undefined {
  return inputs.get(urn);
}
