import { parse } from 'yaml';
import type { KubernetesObject } from '../manifests/kubernetes';
import { asMap, asName, asString, asStrings, isMap, type JsonMap } from '../json';

/** The settings of Istio's MeshConfig that routing, visibility and mTLS depend on, with Istio's defaults. */
export interface MeshConfig {
  /** Namespace whose objects apply to the whole mesh. */
  rootNamespace: string;
  /** Domain of Kubernetes Services. */
  domain: string;
  defaultServiceExportTo: readonly string[];
  defaultVirtualServiceExportTo: readonly string[];
  defaultDestinationRuleExportTo: readonly string[];
  /** Whether requests to hosts outside the service registry pass. */
  outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY';
  /** Whether sidecars use mTLS with each other unless a DestinationRule says otherwise. */
  enableAutoMtls: boolean;
  /** The whole MeshConfig, for other settings (extension providers, defaultHttpRetryPolicy …). */
  raw: JsonMap;
}

/**
 * Things that exist but are not among the objects. In every list `*` means that every name exists; lists of `namespace/name` also accept `namespace/*`.
 */
export interface Externals {
  namespaces?: string[];
  /** Istio Gateways as `namespace/name`. */
  gateways?: string[];
  /** Hosts as FQDN, e.g. `api.example.com` or `mysql.legacy.svc.cluster.local`. */
  hosts?: string[];
  /** Workloads as `namespace/name`. */
  workloads?: string[];
  /** Secrets as `namespace/name`. */
  secrets?: string[];
  /** ServiceAccounts as `namespace/name`. */
  serviceAccounts?: string[];
}

/** Settings of the mesh that are not among the objects. */
export interface MeshOptions {
  /** Defaults to that of MeshConfig, else `istio-system`. */
  rootNamespace?: string;
  /** Defaults to `cluster.local`. */
  domain?: string;
  /** MeshConfig verbatim. Defaults to the one in the ConfigMap `istio` of the root namespace, if it is among the objects. */
  meshConfig?: Record<string, unknown>;
  externals?: Externals;
  /**
   * True: the objects and `externals` are complete, and any other name does not exist. Defaults to false: then only names in namespaces with Services or workloads
   * among the objects count as missing.
   */
  complete?: boolean;
  /** Who sets the weights of a VirtualService instead of the objects: field manager by `namespace/name`. */
  weightOwners?: WeightOwners;
}

export type WeightOwners = Readonly<Record<string, string>>;

export function meshConfig(objects: readonly KubernetesObject[], options: MeshOptions = {}): MeshConfig {
  const raw = options.meshConfig ?? configMapMesh(objects, options.rootNamespace ?? 'istio-system');
  const mode = asString(asMap(raw['outboundTrafficPolicy'])['mode']);
  return {
    rootNamespace: options.rootNamespace ?? asName(raw['rootNamespace']) ?? 'istio-system',
    domain: options.domain ?? 'cluster.local',
    defaultServiceExportTo: exportDefault(raw['defaultServiceExportTo']),
    defaultVirtualServiceExportTo: exportDefault(raw['defaultVirtualServiceExportTo']),
    defaultDestinationRuleExportTo: exportDefault(raw['defaultDestinationRuleExportTo']),
    outboundTrafficPolicy: mode === 'REGISTRY_ONLY' ? 'REGISTRY_ONLY' : 'ALLOW_ANY',
    enableAutoMtls: raw['enableAutoMtls'] !== false,
    raw,
  };
}

function exportDefault(value: unknown): readonly string[] {
  const stated = asStrings(value);
  return stated.length > 0 ? stated : ['*'];
}

function configMapMesh(objects: readonly KubernetesObject[], rootNamespace: string): JsonMap {
  const configMap = objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'istio' && metadata.namespace === rootNamespace,
  );
  const text = asString(asMap(configMap?.['data'])['mesh']);
  if (text === undefined) return {};
  try {
    const parsed: unknown = parse(text);
    return isMap(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

/** Namespaces that see an object: all (`*`), none (`~`), or a set of names, in which `.` is already resolved. */
export type Visibility = '*' | '~' | ReadonlySet<string>;

/**
 * The visibility of an object of `namespace` by its `exportTo`. `*` wins over all else, then `~`; `.` is the object's own namespace (istio
 * pilot/pkg/model/push_context.go, initVirtualServices). An empty list means `fallback`, the mesh's default.
 */
export function visibility(exportTo: readonly string[], namespace: string, fallback: readonly string[]): Visibility {
  const stated = exportTo.length > 0 ? exportTo : fallback;
  if (stated.includes('*')) return '*';
  if (stated.includes('~')) return '~';
  return new Set(stated.map((entry) => (entry === '.' ? namespace : entry)));
}

export function isVisible(seenBy: Visibility, namespace: string): boolean {
  return seenBy === '*' || (seenBy !== '~' && seenBy.has(namespace));
}
