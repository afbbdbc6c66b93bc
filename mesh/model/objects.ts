import { compareStrings, pushTo } from '../collections';
import { apiGroup, type KubernetesObject } from '../manifests/kubernetes';
import { asMap, asName, asString, asStringMap, type JsonMap } from '../json';
import { memoizeByIdentity } from './memoize';
import type { MeshConfig } from './mesh-config';

/**
 * API group of every kind in the model. Kinds with the same name in other groups, such as Knative's Service, are
 * different kinds.
 */
const groups = {
  Namespace: '',
  Service: '',
  Pod: '',
  ConfigMap: '',
  Secret: '',
  ServiceAccount: '',
  Deployment: 'apps',
  StatefulSet: 'apps',
  DaemonSet: 'apps',
  ReplicaSet: 'apps',
  Job: 'batch',
  CronJob: 'batch',
  Rollout: 'argoproj.io',
  VirtualService: 'networking.istio.io',
  DestinationRule: 'networking.istio.io',
  Gateway: 'networking.istio.io',
  ServiceEntry: 'networking.istio.io',
  WorkloadEntry: 'networking.istio.io',
  WorkloadGroup: 'networking.istio.io',
  Sidecar: 'networking.istio.io',
  EnvoyFilter: 'networking.istio.io',
  ProxyConfig: 'networking.istio.io',
  PeerAuthentication: 'security.istio.io',
  RequestAuthentication: 'security.istio.io',
  AuthorizationPolicy: 'security.istio.io',
  Telemetry: 'telemetry.istio.io',
  WasmPlugin: 'extensions.istio.io',
  TrafficExtension: 'extensions.istio.io',
} as const;

/** A kind with a known API group. */
export type MeshKind = keyof typeof groups;

const clusterScoped: readonly string[] = ['Namespace'];

/** An object, with the parts that most code needs. */
export interface MeshObject {
  /** The object of the input. */
  object: KubernetesObject;
  kind: string;
  /** '' for a Namespace; `default` for another object without one. */
  namespace: string;
  name: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Empty when the object has no spec, or one that is not a map. */
  spec: JsonMap;
}

/** Objects by kind, in any version of its API, and in creation order. */
export class ObjectIndex {
  /** The objects with an apiVersion, a kind and a name. */
  readonly all: readonly MeshObject[];
  private readonly byKind = new Map<string, MeshObject[]>();
  private readonly byKey = new Map<string, MeshObject>();

  constructor(objects: readonly unknown[]) {
    this.all = inCreationOrder(objects.filter(isKubernetesObject)).map(asMeshObject);
    for (const entry of this.all) {
      const kind = `${apiGroup(entry.object.apiVersion)}/${entry.kind}`;
      pushTo(this.byKind, kind, entry);
      const key = `${kind}/${entry.namespace}/${entry.name}`;
      if (!this.byKey.has(key)) this.byKey.set(key, entry);
    }
  }

  ofKind(kind: MeshKind): readonly MeshObject[] {
    return this.ofGroupKind(groups[kind], kind);
  }

  /** For kinds outside {@link MeshKind}, e.g. `gateway.networking.k8s.io`, `HTTPRoute`. */
  ofGroupKind(group: string, kind: string): readonly MeshObject[] {
    return this.byKind.get(`${group}/${kind}`) ?? [];
  }

  /** `namespace` is '' for a Namespace. */
  get(kind: MeshKind, namespace: string, name: string): MeshObject | undefined {
    return this.byKey.get(`${groups[kind]}/${kind}/${namespace}/${name}`);
  }
}

/** An object for the model; undefined without an apiVersion, a kind or a name. Memoized, so neither the object nor the result may be changed. */
export function meshObject(object: unknown): MeshObject | undefined {
  return isKubernetesObject(object) ? asMeshObject(object) : undefined;
}

function isKubernetesObject(value: unknown): value is KubernetesObject {
  const map = asMap(value);
  return (
    asString(map['apiVersion']) !== undefined &&
    asName(map['kind']) !== undefined &&
    asName(asMap(map['metadata'])['name']) !== undefined
  );
}

const asMeshObject = memoizeByIdentity((object: KubernetesObject): MeshObject => {
  const { kind, metadata } = object;
  return {
    object,
    kind,
    namespace: clusterScoped.includes(kind) ? '' : (asName(metadata.namespace) ?? 'default'),
    name: metadata.name,
    labels: asStringMap(metadata.labels),
    annotations: asStringMap(metadata.annotations),
    spec: asMap(object.spec),
  };
});

/**
 * Sorts as istiod does where the oldest object wins: by creation time, then name, then namespace (istio pilot/pkg/model/config.go, sortConfigByCreationTime). An
 * object without a creation time is not created yet, so it comes last.
 */
function inCreationOrder<T extends KubernetesObject>(objects: readonly T[]): T[] {
  return [...objects].sort(compareCreation);
}

function compareCreation(a: KubernetesObject, b: KubernetesObject): number {
  return (
    creationTime(a) - creationTime(b) ||
    compareStrings(a.metadata.name, b.metadata.name) ||
    compareStrings(asName(a.metadata.namespace) ?? 'default', asName(b.metadata.namespace) ?? 'default')
  );
}

/** Seconds since the epoch; the largest number for an object that is not created yet. */
function creationTime(object: KubernetesObject): number {
  const stamp = asString(asMap(object.metadata)['creationTimestamp']);
  const milliseconds = stamp === undefined ? NaN : Date.parse(stamp);
  return Number.isNaN(milliseconds) ? Number.MAX_SAFE_INTEGER : Math.floor(milliseconds / 1000);
}

/** A namespace that is among the objects, or that contains one of them. */
export interface KnownNamespace {
  name: string;
  labels: Record<string, string>;
  /** Undefined for a namespace that is not an object of the input. */
  source: MeshObject | undefined;
}

/** Namespaces by name, in creation order; those that are not objects of the input come last. */
export function namespaces(objects: ObjectIndex, config: MeshConfig): ReadonlyMap<string, KnownNamespace> {
  const found = new Map<string, KnownNamespace>();
  for (const source of objects.ofKind('Namespace')) {
    found.set(source.name, { name: source.name, labels: source.labels, source });
  }
  const spokenOf = [...objects.all.map((object) => object.namespace), config.rootNamespace].filter(
    (name) => name !== '',
  );
  for (const name of [...new Set(spokenOf)].sort()) {
    if (!found.has(name)) found.set(name, { name, labels: {}, source: undefined });
  }
  return found;
}
