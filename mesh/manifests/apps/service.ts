import { defined, type KubernetesObject } from '../kubernetes';
import { mergeValues } from '../release';
import { workloadLabels } from './labels';
import type { ServicePort, ServiceSettings, WorkloadSettings } from './settings';

export function serviceSelector(name: string, service: ServiceSettings): Record<string, string> {
  return service.selector ?? { app: name };
}

/** Whether the Service `name` finds pods with these labels. */
export function selects(name: string, service: ServiceSettings, labels: Record<string, string>): boolean {
  return Object.entries(serviceSelector(name, service)).every(([label, value]) => labels[label] === value);
}

/** Ports of a Service: its own, or those of the first workload that it selects. Empty when nobody names any. */
export function servicePorts(
  name: string,
  service: ServiceSettings,
  workloads: Record<string, WorkloadSettings>,
): ServicePort[] {
  if (service.ports !== undefined) return service.ports;
  const behind = Object.entries(workloads).find(([workload, settings]) =>
    selects(name, service, workloadLabels(workload, settings)),
  );
  return (behind?.[1].ports ?? []).map(({ containerPort, ...port }) => ({ ...port, port: containerPort }));
}

export function serviceObject(
  namespace: string,
  name: string,
  service: ServiceSettings,
  workloads: Record<string, WorkloadSettings>,
): KubernetesObject {
  const spec = defined({
    type: service.type,
    ports: servicePorts(name, service, workloads),
    selector: serviceSelector(name, service),
  });
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: defined({
      name,
      namespace,
      labels: service.labels ?? { app: name },
      annotations: service.annotations,
    }),
    spec: mergeValues(spec, service.spec),
  };
}
