/** A Kubernetes object as the API server accepts it. Kinds with more than `spec` (ConfigMap, ClusterRole …) have other top-level fields. */
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
  finalizers?: string[];
}

/** Pulumi's type of a Helm release. */
export const releaseType = 'kubernetes:helm.sh/v3:Release';

/** Annotation that tells the Kubernetes provider the field manager under which to apply an object. */
export const fieldManagerAnnotation = 'pulumi.com/patchFieldManager';

/** The field manager under which the Kubernetes provider applies an object; undefined if the object names none. */
export function fieldManagerOf(object: Partial<KubernetesObject> | undefined): string | undefined {
  return object?.metadata?.annotations?.[fieldManagerAnnotation];
}

/** Whether a resource only patches an object that something else created. The Kubernetes provider cannot import it. */
export function isPatchOf(kind: string, type: string): boolean {
  return type.endsWith(`:${kind}Patch`);
}

/** Annotation that makes the provider take fields from other managers. */
export const forceAnnotation = 'pulumi.com/patchForce';

/** Whether an annotation tells Pulumi's provider what to do. */
export function isForProvider(annotation: string): boolean {
  return annotation.startsWith('pulumi.com/');
}

export type ServiceType = 'ClusterIP' | 'NodePort' | 'LoadBalancer';

/** API group of `apiVersion`, '' for the core group: `networking.istio.io/v1` → `networking.istio.io`. */
export function apiGroup(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** The name of an object in messages: `VirtualService bookinfo/reviews`. */
export function objectTitle(object: { kind: string; metadata: { name: string; namespace?: string } }): string {
  const { name, namespace } = object.metadata;
  return namespace === undefined ? `${object.kind} ${name}` : `${object.kind} ${namespace}/${name}`;
}

/** Identity of an object in a cluster, the same in every version of its API. */
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
  // The usual case, made fast: this runs for every part of every object of a stack.
  if (!Object.values(fields).includes(undefined)) return { ...fields } as Defined;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined;
}

/** An object and the key in the stack file that it comes from, so that a message can name the key to change. */
export interface Rendered<T extends KubernetesObject = KubernetesObject> {
  object: T;
  /** Key in the stack file, e.g. `meshwright:routes.bookinfo.reviews`. */
  origin: string;
  /** Origins of parts: path in the object, e.g. `spec.http[1]` → key in the stack file. The longest prefix of a path applies. */
  origins?: Record<string, string>;
}

/** The key in the stack file that `path` in a rendered object comes from. */
export function originOf({ origin, origins = {} }: Rendered, path: string): string {
  const prefixes = Object.keys(origins).filter(
    (prefix) => path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`),
  );
  const longest = prefixes.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? origin : (origins[longest] ?? origin);
}

/** `apiVersion` and `metadata` of a networking object from its settings, with a default name. */
export function networkingMeta(
  namespace: string,
  name: string,
  settings: Partial<ObjectMeta> & { apiVersion?: string } = {},
): { apiVersion: string; metadata: ObjectMeta } {
  return {
    apiVersion: settings.apiVersion ?? 'networking.istio.io/v1',
    metadata: defined({
      name: settings.name ?? name,
      namespace,
      labels: settings.labels,
      annotations: settings.annotations,
    }),
  };
}
