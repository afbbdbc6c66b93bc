import type { EffectiveMtls, MeshModel, MeshService, MeshWorkload, MtlsMode } from './mesh-model';

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
