import { parse } from 'yaml';
import type { KubernetesObject } from '../manifests/kubernetes';
import { asMap, asName, asString, asStrings, isMap, type JsonMap } from '../json';

/** The part of Istio's MeshConfig that routing, visibility and mTLS depend on, with Istio's defaults filled in. */
export interface MeshConfig {
  /** Namespace whose objects hold for the whole mesh. */
  rootNamespace: string;
  /** Domain of Kubernetes Services. */
  domain: string;
  defaultServiceExportTo: readonly string[];
  defaultVirtualServiceExportTo: readonly string[];
  defaultDestinationRuleExportTo: readonly string[];
  /** What becomes of requests to hosts that the mesh does not know. */
  outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY';
  /** Whether sidecars use mTLS with each other when no DestinationRule says otherwise. */
  enableAutoMtls: boolean;
  /** MeshConfig as it was given, for what is not listed above (extension providers, defaultHttpRetryPolicy …). */
  raw: JsonMap;
}

/**
 * Things that exist although they are not among the objects. In every list `*` means that whatever is named exists; lists of `namespace/name` also take
 * `namespace/*`.
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

/** What the objects do not say. */
export interface MeshOptions {
  /** Defaults to what MeshConfig says, else `istio-system`. */
  rootNamespace?: string;
  /** Defaults to `cluster.local`. */
  domain?: string;
  /** MeshConfig verbatim. Defaults to the one in the ConfigMap `istio` of the root namespace, when that is among the objects. */
  meshConfig?: Record<string, unknown>;
  externals?: Externals;
  /**
   * The objects and `externals` are all there is: a name that neither holds does not exist. Defaults to false, so that only namespaces of which the objects hold
   * Services or workloads count as described.
   */
  complete?: boolean;
}

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

/** Who sees an object: everybody, nobody, or some namespaces (which hold the object's own when it is private). */
export type Visibility = '*' | '~' | ReadonlySet<string>;

/**
 * What a list `exportTo` means for an object of `namespace`. `*` wins over all else, `~` over the rest, `.` is the object's own namespace (istio
 * pilot/pkg/model/push_context.go, initVirtualServices). An empty list stands for `fallback`, the mesh's default.
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
