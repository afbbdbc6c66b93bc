import type { MeshModel, MeshWorkload } from '../../mesh/model/mesh-model';

/** Namespaces in which some policy has a selector, so that the mode of the namespace is not that of all its workloads. */
export function hasSelectivePolicies(model: MeshModel, namespace: string): boolean {
  return model.objects
    .ofKind('PeerAuthentication')
    .some((policy) => policy.namespace === namespace && policy.spec['selector'] !== undefined);
}

/**
 * Whether a workload is known to have no proxy. Where its namespace is not among the objects and its pods do not say so themselves, injection may have been switched on elsewhere.
 */
export function hasNoProxy(
  model: MeshModel,
  { proxy, namespace, labels, annotations, podSpec }: MeshWorkload,
): boolean {
  if (proxy !== 'none') return false;
  if (model.namespaces.get(namespace)?.source !== undefined) return true;
  const refuses = labels['sidecar.istio.io/inject'] === 'false' || annotations['sidecar.istio.io/inject'] === 'false';
  return refuses || podSpec['hostNetwork'] === true;
}
