import { asList, asMap, isMap } from '../../mesh/json';
import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';

/** The successors of an object of a removed kind, or why it has none. */
export type Upgrade = { objects: KubernetesObject[] } | { why: string };

/** API groups that Istio removed, and in which release. */
const removedGroups: Readonly<Record<string, string>> = {
  'authentication.istio.io': '1.6',
  'config.istio.io': '1.8',
  'rbac.istio.io': '1.6',
};

/** A PeerAuthentication in the root namespace applies to all namespaces, like a MeshPolicy. */
const rootNamespace = 'istio-system';

/**
 * Upgrades an object of a kind that Istio removed, as Istio's upgrade notes define: a MeshPolicy, or a Policy for a whole namespace, with mutual TLS becomes a PeerAuthentication. Undefined for all
 * other kinds.
 */
export function upgraded(object: KubernetesObject): Upgrade | undefined {
  const group = apiGroup(object.apiVersion);
  const release = removedGroups[group];
  if (release === undefined) return undefined;
  const { kind } = object;
  if (group === 'authentication.istio.io' && (kind === 'Policy' || kind === 'MeshPolicy')) return policy(object);
  const successor =
    group === 'rbac.istio.io' ? 'write an AuthorizationPolicy for it' : 'remove it, since no proxy reads it';
  return { why: `Istio removed ${kind} in ${release}; ${successor}` };
}

function policy({ kind, metadata, spec = {} }: KubernetesObject): Upgrade {
  const by = (what: string): Upgrade => ({
    why: `Istio removed ${kind} in 1.6, and defines no successor for ${what}; write a PeerAuthentication or RequestAuthentication for it`,
  });
  if (asList(spec['targets']).length > 0) return by('targets, which name Services and not workloads');
  const strange = Object.keys(spec).filter((field) => !['targets', 'peers'].includes(field));
  if (strange.length > 0) return by(strange.join(' and '));
  const [peer, ...more] = asList(spec['peers']);
  const { mtls, ...otherPeers } = asMap(peer);
  if (more.length > 0 || Object.keys(otherPeers).length > 0) return by('peers other than mtls');
  const mode = peer === undefined ? 'DISABLE' : isMap(mtls) && mtls['mode'] === 'PERMISSIVE' ? 'PERMISSIVE' : 'STRICT';
  const namespace = kind === 'MeshPolicy' ? rootNamespace : metadata.namespace;
  return {
    objects: [
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: { ...metadata, ...(namespace === undefined ? {} : { namespace }) },
        spec: { mtls: { mode } },
      },
    ],
  };
}
