import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { Lab } from '../../cluster/lab';
import { KubernetesApi } from '../../cluster/api';
import { labApi } from '../../cluster/lab';
import { asUserError } from '../errors';
import type { TrafficInput } from '../../mesh/traffic';

/** Which cluster to read. */
export interface ClusterChoice {
  /** Defaults to the kubeconfig's current context. */
  context?: string;
  /** Defaults to `KUBECONFIG`, then `~/.kube/config`. */
  kubeconfig?: string;
}

/** The kinds that routing depends on. */
const trafficKinds = [
  'Namespace',
  'Service',
  'Deployment.apps',
  'StatefulSet.apps',
  'DaemonSet.apps',
  'VirtualService.networking.istio.io',
  'DestinationRule.networking.istio.io',
  'Gateway.networking.istio.io',
  'ServiceEntry.networking.istio.io',
  'Sidecar.networking.istio.io',
  'WorkloadEntry.networking.istio.io',
  'PeerAuthentication.security.istio.io',
  'AuthorizationPolicy.security.istio.io',
  'RequestAuthentication.security.istio.io',
  'WorkloadGroup.networking.istio.io',
  'EnvoyFilter.networking.istio.io',
  'WasmPlugin.extensions.istio.io',
  'TrafficExtension.extensions.istio.io',
  'Pod',
  'ReplicaSet.apps',
  'Rollout.argoproj.io',
  'Canary.flagger.app',
  'HorizontalPodAutoscaler.autoscaling',
  'ScaledObject.keda.sh',
  'EndpointSlice.discovery.k8s.io',
  'Ingress.networking.k8s.io',
  'IngressClass.networking.k8s.io',
  'NetworkPolicy.networking.k8s.io',
  'Gateway.gateway.networking.k8s.io',
  ...['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'BackendTLSPolicy', 'ListenerSet'].map(
    (kind) => `${kind}.gateway.networking.k8s.io`,
  ),
];

/**
 * The routing objects of a cluster; changes nothing.
 * @throws UserError when the cluster does not answer, or refuses to list them
 */
export async function clusterTraffic(choice: ClusterChoice): Promise<TrafficInput> {
  return asUserError(readTraffic(() => KubernetesApi.open(choice)));
}

/**
 * The routing objects of the lab.
 * @throws UserError when the API server does not answer
 */
export async function labTraffic(lab: Pick<Lab, 'kubeconfig'>): Promise<TrafficInput> {
  return asUserError(readTraffic(() => labApi(lab)));
}

/** If the API server does not serve a kind, the cluster has no objects of that kind. */
async function readTraffic(open: () => KubernetesApi): Promise<TrafficInput> {
  const api = open();
  const kinds = await api.freshKinds();
  const lists = await Promise.all(trafficKinds.filter((kind) => kinds.has(kind)).map((kind) => api.list(kind)));
  const meshConfig = await api.get({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'istio-system', name: 'istio' },
  });
  const objects: KubernetesObject[] = [...lists.flat(), ...(meshConfig === undefined ? [] : [meshConfig])];
  return { objects, options: { complete: true } };
}
