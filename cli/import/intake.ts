import { isMap, without } from '../../mesh/json';
import { compareStrings } from '../../mesh/collections';
import { apiGroup, objectTitle, type KubernetesObject, type ObjectMeta } from '../../mesh/manifests/kubernetes';
import { dnsLabel } from '../../mesh/manifests/formats';
import { upgraded } from './removed-kinds';
import { isClusterScoped } from '../../policy/schema/kubernetes';

/** An object of the input, and its place. */
export interface Given {
  object: KubernetesObject;
  /** `file:line`, or the context of a cluster. */
  place: string;
}

/** An object that is left out of the stack file. */
export interface LeftOut {
  title: string;
  kind: string;
  place: string;
  why: string;
  /** Whether something is lost unless the user acts. */
  isLoss: boolean;
  /** Whether this is a field, or an object that stays verbatim because it cannot be converted. */
  isUnconverted?: boolean;
}

/** Objects as a stack can write them. */
export interface Intake {
  objects: Given[];
  leftOut: LeftOut[];
  /** Secrets that exist outside of the stack, as `namespace/name`. */
  secrets: string[];
  /** Objects of removed kinds and of other tools, and what they became, in sentences. */
  upgraded: string[];
  /** Controllers that move the weights of VirtualServices, by `namespace/name`. */
  weightsOwnedBy?: Readonly<Record<string, string>>;
  /** Number of objects without a namespace. */
  placed: number;
  /** Objects that no API server accepts, with their places. */
  problems: string[];
}

/**
 * Removes the fields that an API server or a controller writes, and sets missing namespaces. Objects that a stack must not write are left out.
 * @param namespace - of objects that name none; defaults to `default`
 */
export function intake(given: readonly Given[], namespace = 'default'): Intake {
  const result: Intake = { objects: [], leftOut: [], secrets: [], upgraded: [], placed: 0, problems: [] };
  const scopes = clusterScopedKinds(given);
  for (const { object, place } of given.flatMap((one) => successors(one, result))) {
    const problem = metadataProblem(object);
    if (problem !== undefined) {
      result.problems.push(`${place}: ${objectTitle(object)}: ${problem}`);
      continue;
    }
    const cleaned = clean(object);
    const { kind, apiVersion } = cleaned;
    const isCluster = isClusterScoped(cleaned) || scopes.has(`${apiGroup(apiVersion)}/${kind}`);
    const own = cleaned.metadata.namespace;
    const metadata = isCluster
      ? (without({ ...cleaned.metadata }, 'namespace') as unknown as ObjectMeta)
      : { ...cleaned.metadata, namespace: own ?? namespace };
    if (!isCluster && own === undefined) result.placed++;
    const one = { ...cleaned, metadata };
    const reason = leftOutReason(object, one);
    if (reason === undefined) {
      result.objects.push({ object: one, place });
      continue;
    }
    if (kind === 'Secret' && apiVersion === 'v1') result.secrets.push(`${metadata.namespace ?? ''}/${metadata.name}`);
    result.leftOut.push({ title: objectTitle(one), kind, place, ...reason });
  }
  result.secrets.sort(compareStrings);
  return result;
}

/** The object itself, or its successor in Istio; an object of a removed kind without a successor is left out. */
function successors({ object, place }: Given, { leftOut, upgraded: made }: Intake): Given[] {
  const upgrade = upgraded(object);
  if (upgrade === undefined) return [{ object, place }];
  if ('why' in upgrade) {
    leftOut.push({ title: objectTitle(object), kind: object.kind, place, why: upgrade.why, isLoss: true });
    return [];
  }
  made.push(`${objectTitle(object)} became ${upgrade.objects.map(objectTitle).join(', ')} (${place})`);
  return upgrade.objects.map((one) => ({ object: one, place }));
}

/** Cluster-scoped kinds, by the CustomResourceDefinitions among the objects. */
function clusterScopedKinds(given: readonly Given[]): Set<string> {
  return new Set(
    given
      .filter(({ object }) => object.kind === 'CustomResourceDefinition')
      .flatMap(({ object: { spec = {} } }) => {
        const names = isMap(spec['names']) ? spec['names'] : {};
        return spec['scope'] === 'Cluster' ? [`${String(spec['group'])}/${String(names['kind'])}`] : [];
      }),
  );
}

/** Annotations that kubectl and controllers write. */
const writtenAnnotations = ['kubectl.kubernetes.io/last-applied-configuration', 'deployment.kubernetes.io/revision'];
const namespaceLabel = 'kubernetes.io/metadata.name';

/** An object without its status and the fields that the API server writes. */
function clean(object: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, metadata, ...written } = withoutTimestamps(object) as KubernetesObject;
  // The API server drops fields that are null.
  const set = Object.fromEntries(Object.entries(written).filter(([, value]) => value !== null));
  const fields: Pick<KubernetesObject, 'spec'> = without(set, 'status');
  const { name, namespace, labels, annotations, finalizers } = metadata as ObjectMeta & { finalizers?: string[] };
  const isLive = 'uid' in metadata || 'resourceVersion' in metadata;
  const isNamespace = kind === 'Namespace' && apiVersion === 'v1';
  const spec = isNamespace ? undefined : kind === 'Service' && isLive ? serviceSpec(fields.spec) : fields.spec;
  const rest = isNamespace ? {} : fields;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(typeof namespace === 'string' && namespace !== '' ? { namespace } : {}),
      ...filled('labels', labels, isNamespace ? [namespaceLabel] : []),
      ...filled('annotations', annotations, writtenAnnotations),
      ...(Array.isArray(finalizers) && finalizers.length > 0 && !isNamespace ? { finalizers } : {}),
    },
    ...rest,
    ...(spec === undefined ? {} : { spec }),
  };
}

function filled(
  key: 'labels' | 'annotations',
  map: Record<string, string> | null | undefined,
  dropped: readonly string[],
): object {
  const kept = Object.entries(map ?? {}).filter(([name]) => !dropped.includes(name));
  return kept.length === 0 ? {} : { [key]: Object.fromEntries(kept) };
}

/** The API server assigns the addresses, except for headless Services. */
function serviceSpec(spec: KubernetesObject['spec']): KubernetesObject['spec'] {
  if (spec === undefined || spec['clusterIP'] === 'None') return spec;
  return without(spec, 'clusterIP', 'clusterIPs');
}

/** Removes `creationTimestamp: null`, which generators write. */
function withoutTimestamps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTimestamps);
  if (!isMap(value)) return value;
  const kept = Object.entries(value).filter(([key, inner]) => key !== 'creationTimestamp' || inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutTimestamps(inner)]));
}

/** Why the API server refuses the metadata of an object. */
function metadataProblem({ metadata }: KubernetesObject): string | undefined {
  const { namespace, labels, annotations } = metadata as unknown as Record<string, unknown>;
  if (namespace !== undefined && namespace !== null && typeof namespace !== 'string')
    return `metadata.namespace: ${JSON.stringify(namespace)} must be a string; put it in quotes`;
  for (const [field, map] of Object.entries({ labels, annotations })) {
    if (map === undefined || map === null) continue;
    if (!isMap(map)) return `metadata.${field}: must be a map of strings`;
    const wrong = Object.entries(map).find(([, value]) => typeof value !== 'string');
    if (wrong !== undefined)
      return `metadata.${field}.${wrong[0]}: ${JSON.stringify(wrong[1])} must be a string; put it in quotes`;
  }
  return undefined;
}

/** A variable of a template. */
const placeholder = /[${}<>%]|\(\(/;

function leftOutReason(
  written: KubernetesObject,
  object: KubernetesObject,
): Pick<LeftOut, 'why' | 'isLoss'> | undefined {
  const { metadata, kind, apiVersion } = object;
  const { ownerReferences, generateName } = written.metadata as { ownerReferences?: unknown; generateName?: unknown };
  const named = [metadata.name, metadata.namespace ?? ''];
  if (named.some((name) => placeholder.test(name)))
    return { why: 'its name contains a variable; render the template first', isLoss: true };
  if (metadata.namespace !== undefined && !dnsLabel.test(metadata.namespace))
    return { why: `"${metadata.namespace}" is not a valid namespace name`, isLoss: true };
  if (kind === 'Secret' && apiVersion === 'v1')
    return {
      why: 'a Secret must not be in a file; its name is in policy.externals.secrets',
      isLoss: false,
    };
  if (Array.isArray(ownerReferences) && ownerReferences.length > 0) {
    const owners = ownerReferences.map((one) => (isMap(one) ? `${String(one['kind'])} ${String(one['name'])}` : ''));
    return { why: `${owners.join(', ')} owns and writes it`, isLoss: false };
  }
  if (typeof generateName === 'string' && generateName !== '' && written.metadata.name.endsWith('xxxxx'))
    return { why: 'it has generateName, so each apply creates another object', isLoss: false };
  if (holdsCiphertext(object))
    return {
      why: 'it contains a map with the only key "secure", which is an encrypted value in a stack file',
      isLoss: true,
    };
  return undefined;
}

/** Pulumi takes `{ secure: … }` for an encrypted value. */
function holdsCiphertext(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const entries = Object.entries(value);
  const isCiphertext = entries.length === 1 && entries[0]?.[0] === 'secure' && typeof entries[0][1] === 'string';
  return isCiphertext || entries.some(([, inner]) => holdsCiphertext(inner));
}
