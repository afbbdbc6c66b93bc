import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { KubernetesApi } from '../cluster/api';
import { type Lab, labApi, labStatus, type LabStatus } from '../cluster/lab';
import { asMap } from '../mesh/json';
import { type KubernetesObject, objectKey, objectTitle } from '../mesh/manifests/kubernetes';
import { mergedOptions, type TrafficInput } from '../mesh/traffic';
import { asUserError } from './errors';
import type { LoadedStack, StackChoice } from './input';
import { say } from './output';

/** The kubernetes:context of a stack file; samples have none. */
export function contextOf({ sample }: StackChoice, { file }: Pick<LoadedStack, 'file'>): string | undefined {
  if (sample !== undefined) return undefined;
  const { config } = parse(readFileSync(file, 'utf8')) as { config?: Record<string, unknown> };
  const context = config?.['kubernetes:context'];
  return typeof context === 'string' ? context : undefined;
}

/** For tests: the lab and the environment. */
interface Surroundings {
  status?: () => Promise<Pick<LabStatus, 'kubeconfig' | 'apiServer'>>;
  env?: NodeJS.ProcessEnv;
}

/**
 * The kubeconfig of this project's lab, if the lab is up and no flag, stack file or KUBECONFIG names another cluster. Says so on stderr.
 * @param named - the clusters that flags and the stack file name
 */
export async function labByDefault(
  named: readonly (string | readonly string[] | undefined)[],
  { status = labStatus, env = process.env }: Surroundings = {},
): Promise<string | undefined> {
  if (named.some((name) => name !== undefined) || (env['KUBECONFIG'] ?? '') !== '') return undefined;
  const { kubeconfig, apiServer } = await status();
  if (!apiServer.reachable || kubeconfig === undefined) return undefined;
  say(`cluster: the lab at ${apiServer.url ?? ''}; use --context or KUBECONFIG for another cluster`);
  return kubeconfig;
}

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

/**
 * A cluster after a stack's objects are applied to it. Existing objects keep their age, because in some conflicts the
 * oldest object wins.
 * @param removed - titles of removed objects, see {@link objectTitle}
 */
export function appliedTo(cluster: TrafficInput, stack: TrafficInput, removed: readonly string[] = []): TrafficInput {
  const left = cluster.objects.filter((object) => !removed.includes(objectTitle(object)));
  const present = new Map(left.map((object) => [objectKey(object), object]));
  for (const object of stack.objects) {
    if (present.has(objectKey(object)) && hasUnknownPods(object)) continue;
    const metadata = { ...present.get(objectKey(object))?.metadata, ...object.metadata };
    present.set(objectKey(object), { ...object, metadata });
  }
  return { objects: [...present.values()], options: mergedOptions([cluster, stack]) };
}

/** Of the pods of an existing gateway a stack has only the labels; the cluster has all. */
function hasUnknownPods({ kind, spec }: KubernetesObject): boolean {
  return kind === 'Deployment' && asMap(asMap(spec)['template'])['spec'] === undefined;
}
