import type { EffectiveMtls, MeshModel, MeshService, MeshWorkload, MtlsMode } from '../../model/mesh-model';

/** The mode in which a workload's proxy takes connections to a port of a service. */
export function acceptedMode(
  model: MeshModel,
  service: MeshService,
  workload: MeshWorkload,
  port: number | undefined,
): { mode: MtlsMode; decidedBy: EffectiveMtls['source'] } {
  const { mode, ports, source } = model.peerAuthentications.forWorkload(workload.namespace, workload.labels);
  const target = port === undefined ? undefined : targetPort(service, workload, port);
  return { mode: (target === undefined ? undefined : ports[String(target)]) ?? mode, decidedBy: source };
}

/** The container's port behind a port of the service. */
function targetPort(service: MeshService, workload: MeshWorkload, port: number): number | undefined {
  const target = service.ports.find(({ number }) => number === port)?.targetPort ?? port;
  return typeof target === 'number' ? target : workload.ports.find(({ name }) => name === target)?.number;
}

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
