import { asList, asMap, type JsonMap } from './json';

/** What carries a workload's traffic: a proxy beside it, the node's ztunnel, or nothing of Istio's. */
export type ProxyKind = 'sidecar' | 'ambient' | 'none';

const neverInjected = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];

/**
 * How pods join the mesh, by the webhooks of Istio's charts: a namespace label asks for injection and a pod label may opt out, or, in a namespace without an
 * opinion, a pod label asks. The annotation only ever switches injection off. https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/
 */
export function proxyOf(
  namespace: string,
  namespaceLabels: Record<string, string>,
  labels: Record<string, string>,
  annotations: Record<string, string>,
  podSpec: JsonMap,
): ProxyKind {
  if (carriesProxy(podSpec)) return 'sidecar';
  const injectable = !neverInjected.includes(namespace) && podSpec['hostNetwork'] !== true;
  if (injectable && isAskedFor(namespaceLabels, labels) && annotations['sidecar.istio.io/inject'] !== 'false') {
    return 'sidecar';
  }
  const mode = labels['istio.io/dataplane-mode'] ?? namespaceLabels['istio.io/dataplane-mode'];
  return mode === 'ambient' && podSpec['hostNetwork'] !== true ? 'ambient' : 'none';
}

function isAskedFor(namespace: Record<string, string>, pod: Record<string, string>): boolean {
  const inject = pod['sidecar.istio.io/inject'];
  if (inject === 'false') return false;
  const injection = namespace['istio-injection'];
  if (injection !== undefined) return injection === 'enabled';
  if (namespace['istio.io/rev'] !== undefined) return true;
  return inject === 'true' || pod['istio.io/rev'] !== undefined;
}

/** Pods that were written with their proxy, as `istioctl kube-inject` does. */
function carriesProxy(podSpec: JsonMap): boolean {
  return [...asList(podSpec['containers']), ...asList(podSpec['initContainers'])].some(
    (container) => asMap(container)['name'] === 'istio-proxy',
  );
}
