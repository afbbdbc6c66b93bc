import { parse } from 'yaml';
import type { KubernetesObject } from '../manifests/kubernetes';
import { asMap, asName, asText, asTexts, isMap, type JsonMap } from './json';

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

/** What the model is told that no object says. */
export interface MeshOptions {
  /** Defaults to what MeshConfig says, else `istio-system`. */
  rootNamespace?: string;
  /** Defaults to `cluster.local`. */
  domain?: string;
  /** MeshConfig verbatim. Defaults to the one in the ConfigMap `istio` of the root namespace, when that is among the objects. */
  meshConfig?: Record<string, unknown>;
}

export function meshConfig(objects: readonly KubernetesObject[], options: MeshOptions = {}): MeshConfig {
  const raw = options.meshConfig ?? configMapMesh(objects, options.rootNamespace ?? 'istio-system');
  const mode = asText(asMap(raw['outboundTrafficPolicy'])['mode']);
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
  const stated = asTexts(value);
  return stated.length > 0 ? stated : ['*'];
}

function configMapMesh(objects: readonly KubernetesObject[], rootNamespace: string): JsonMap {
  const configMap = objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'istio' && metadata.namespace === rootNamespace,
  );
  const text = asText(asMap(configMap?.['data'])['mesh']);
  if (text === undefined) return {};
  try {
    const parsed: unknown = parse(text);
    return isMap(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
