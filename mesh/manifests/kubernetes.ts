/** A Kubernetes object as the API server takes it. Kinds with more than `spec` (ConfigMap, ClusterRole …) carry their own top-level fields. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: Record<string, unknown>;
  [field: string]: unknown;
}

/** The part of Kubernetes' ObjectMeta that a manifest may state. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** API group of `apiVersion`, '' for the core group: `networking.istio.io/v1` → `networking.istio.io`. */
export function apiGroup(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** One line that names an object wherever people read about it: `VirtualService bookinfo/reviews`. */
export function objectTitle(object: { kind: string; metadata: { name: string; namespace?: string } }): string {
  const { name, namespace } = object.metadata;
  return namespace === undefined ? `${object.kind} ${name}` : `${object.kind} ${namespace}/${name}`;
}

/** Identity of an object in a cluster, whatever version of its API it is written in. */
export function objectKey(object: {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}): string {
  return [apiGroup(object.apiVersion), object.kind, object.metadata.namespace ?? '', object.metadata.name].join('/');
}

/** A copy of `fields` without the keys whose value is undefined; 0, '', false and {} stay. */
export function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  type Defined = { [K in keyof T]: Exclude<T[K], undefined> };
  // Mostly so, and this runs for every part of every object of a stack.
  if (!Object.values(fields).includes(undefined)) return { ...fields } as Defined;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined;
}
