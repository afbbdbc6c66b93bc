import { apiGroup } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';

/**
 * The order of applying, which loses no request: what others stand on comes first, workloads are Ready before traffic is sent to
 * them, and the subsets of a DestinationRule and the hosts of a ServiceEntry are known before a VirtualService names them.
 * Removing goes the other way round.
 */
export const stageNames = ['definitions', 'namespaces', 'foundations', 'workloads', 'rules', 'routes'] as const;

export type Stage = (typeof stageNames)[number];

/** What sends traffic somewhere, by `<group>/<kind>`. */
const routes = new Set([
  'networking.istio.io/VirtualService',
  'networking.k8s.io/Ingress',
  'gateway.networking.k8s.io/HTTPRoute',
  'gateway.networking.k8s.io/GRPCRoute',
  'gateway.networking.k8s.io/TCPRoute',
  'gateway.networking.k8s.io/TLSRoute',
  'gateway.networking.k8s.io/UDPRoute',
]);

const workloads = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Pod']);

/** The stage in which an object is applied. */
export function stageOf({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): Stage {
  const group = apiGroup(apiVersion);
  if (group === 'apiextensions.k8s.io') return 'definitions';
  if (group === '' && kind === 'Namespace') return 'namespaces';
  if (routes.has(`${group}/${kind}`)) return 'routes';
  if (workloads.has(kind) && ['', 'apps', 'batch'].includes(group)) return 'workloads';
  // Kinds of other groups than Kubernetes' own need controllers and Services that are there: Istio's, cert-manager's …
  return group.includes('.') && !group.endsWith('.k8s.io') ? 'rules' : 'foundations';
}

/** The objects in the order of the stages; within one, as they were given. */
export function inStages<T extends Pick<KubernetesObject, 'apiVersion' | 'kind'>>(
  objects: readonly T[],
): readonly { readonly stage: Stage; readonly objects: readonly T[] }[] {
  return stageNames
    .map((stage) => ({ stage, objects: objects.filter((object) => stageOf(object) === stage) }))
    .filter((batch) => batch.objects.length > 0);
}
