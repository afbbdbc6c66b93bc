import { asList, asMap, isMap } from '../../mesh/json';
import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';

/** What became of an object of a kind that Istio no longer has. */
export type Upgrade = { objects: KubernetesObject[] } | { why: string };

/** API groups that Istio removed, and in which release. */
const removedGroups: Readonly<Record<string, string>> = {
  'authentication.istio.io': '1.6',
  'config.istio.io': '1.8',
  'rbac.istio.io': '1.6',
};

/** Where MeshPolicy held for all namespaces, a PeerAuthentication of the root namespace does. */
const rootNamespace = 'istio-system';

/**
 * An object of a kind that Istio removed, as its successor where Istio's upgrade notes define one: the mutual TLS of a MeshPolicy, and of a Policy for a whole namespace, is a PeerAuthentication. Undefined for any
 * other object.
 */
export function upgraded(object: KubernetesObject): Upgrade | undefined {
  const group = apiGroup(object.apiVersion);
  const release = removedGroups[group];
  if (release === undefined) return undefined;
  const { kind } = object;
  if (group === 'authentication.istio.io' && (kind === 'Policy' || kind === 'MeshPolicy')) return policy(object);
  const successor = group === 'rbac.istio.io' ? 'write an AuthorizationPolicy for it' : 'remove it, no proxy reads it';
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
  if (more.length > 0 || Object.keys(otherPeers).length > 0) return by('peers beside mtls');
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
