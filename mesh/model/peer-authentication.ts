import { asMap, asString, asStringMap } from '../json';
import type { MeshConfig } from './mesh-config';
import type { MeshObject, ObjectIndex } from './objects';
import { pushTo } from '../collections';
import { hasLabels } from './workload-index';

export type MtlsMode = 'STRICT' | 'PERMISSIVE' | 'DISABLE';

/** The PeerAuthentication in force. */
export interface EffectiveMtls {
  mode: MtlsMode;
  /** Modes of single ports, by port of the workload, and the object that decides each. */
  ports: Record<string, { mode: MtlsMode; source: MeshObject | undefined }>;
  /** The object that decides the mode; undefined for Istio's default, PERMISSIVE. */
  source: MeshObject | undefined;
}

/** PeerAuthentications, composed as in istiod: mesh, namespace, workload; of several on one level the oldest counts (istio pilot/pkg/security/authn). */
export class PeerAuthenticationIndex {
  private readonly wide = new Map<string, MeshObject>();
  private readonly selecting = new Map<string, MeshObject[]>();

  constructor(
    objects: ObjectIndex,
    private readonly config: MeshConfig,
  ) {
    for (const policy of objects.ofKind('PeerAuthentication')) {
      if (Object.keys(selectorOf(policy)).length > 0) pushTo(this.selecting, policy.namespace, policy);
      else if (!this.wide.has(policy.namespace)) this.wide.set(policy.namespace, policy);
    }
  }

  /** The mode of a namespace; that of the mesh unless it has its own. */
  forNamespace(namespace: string): EffectiveMtls {
    const levels = [this.wide.get(namespace), this.wide.get(this.config.rootNamespace)];
    const source = levels.find((policy) => policy !== undefined && modeOf(policy.spec['mtls']) !== undefined);
    return { mode: (source && modeOf(source.spec['mtls'])) ?? 'PERMISSIVE', ports: {}, source };
  }

  /** The mode of a workload. Policies with a selector have no effect in the root namespace. */
  forWorkload(namespace: string, labels: Record<string, string>): EffectiveMtls {
    const inherited = this.forNamespace(namespace);
    if (namespace === this.config.rootNamespace) return inherited;
    const own = this.selecting.get(namespace)?.find((policy) => hasLabels(labels, selectorOf(policy)));
    if (own === undefined) return inherited;
    const stated = modeOf(own.spec['mtls']);
    const all = { mode: stated ?? inherited.mode, source: stated === undefined ? inherited.source : own };
    const ports = Object.entries(asMap(own.spec['portLevelMtls'])).map(([port, mtls]) => {
      const mode = modeOf(mtls);
      return [port, mode === undefined ? all : { mode, source: own }] as const;
    });
    return { ...all, ports: Object.fromEntries(ports) };
  }
}

function selectorOf({ spec }: MeshObject): Record<string, string> {
  return asStringMap(asMap(spec['selector'])['matchLabels']);
}

/** Undefined for UNSET, which inherits from the level above. */
function modeOf(mtls: unknown): MtlsMode | undefined {
  const mode = asString(asMap(mtls)['mode']);
  return mode === 'STRICT' || mode === 'PERMISSIVE' || mode === 'DISABLE' ? mode : undefined;
}
