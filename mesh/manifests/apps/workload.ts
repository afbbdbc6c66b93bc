import { defined, type KubernetesObject } from '../kubernetes';
import { injectionAnnotation } from '../namespace';
import { mergeValues } from '../release';
import type { EnvValue, ServicePort, ServiceSettings, WorkloadSettings } from './settings';

/**
 * The Deployment, StatefulSet or bare Pod of a workload.
 * @param injection - `injectionOf` of the namespace
 */
export function workloadObject(
  namespace: string,
  name: string,
  workload: WorkloadSettings,
  injection: string,
): KubernetesObject {
  const template = podTemplate(name, workload, injection);
  const { labels } = template.metadata;
  if (workload.kind === 'Pod') {
    const annotations = { ...workload.annotations, ...template.metadata.annotations };
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels, annotations }, spec: template.spec };
  }
  const kind = workload.kind ?? 'Deployment';
  const spec = defined({
    replicas: workload.replicas,
    selector: { matchLabels: workloadSelector(name, workload) },
    serviceName: kind === 'StatefulSet' ? (workload.serviceName ?? name) : undefined,
    strategy: kind === 'Deployment' ? workload.strategy : undefined,
    template,
  });
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: defined({ name, namespace, labels, annotations: workload.annotations }),
    spec: mergeValues(spec, workload.spec),
  };
}

export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  spec: Record<string, unknown>;
}

/**
 * The pods of a workload.
 * @param injection - `injectionOf` of the namespace
 */
function podTemplate(name: string, workload: WorkloadSettings, injection: string): PodTemplate {
  const labels = workloadLabels(name, workload);
  const { containers = [], ...pod } = workload.pod ?? {};
  const spec = defined({
    serviceAccountName: workload.serviceAccount,
    containers: [container(labels['app'] ?? name, workload), ...(containers as unknown[])],
    volumes: workload.volumes,
  });
  return {
    metadata: { labels, annotations: { ...workload.podAnnotations, [injectionAnnotation]: injection } },
    spec: mergeValues(spec, pod),
  };
}

function container(name: string, workload: WorkloadSettings): Record<string, unknown> {
  const { image, imagePullPolicy, command, args, env, ports, resources, securityContext, volumeMounts } = workload;
  const { livenessProbe, readinessProbe, startupProbe } = workload;
  const fields = defined({
    name,
    image,
    imagePullPolicy,
    command,
    args,
    env: env === undefined ? undefined : Object.entries(env).map(envVar),
    ports,
    livenessProbe,
    readinessProbe,
    startupProbe,
    resources,
    securityContext,
    volumeMounts,
  });
  return mergeValues(fields, workload.container);
}

function envVar([name, value]: [string, EnvValue]): Record<string, unknown> {
  return typeof value === 'string' ? { name, value } : { name, ...value };
}

function serviceSelector(name: string, service: ServiceSettings): Record<string, string> {
  return service.selector ?? { app: name };
}

/** Whether the Service `name` selects pods with these labels. */
export function selects(name: string, service: ServiceSettings, labels: Record<string, string>): boolean {
  return Object.entries(serviceSelector(name, service)).every(([label, value]) => labels[label] === value);
}

/** Ports of a Service: its own, or those of the first workload that it selects. */
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

/** Labels of a workload's pods. Istio reads `app` and `version`. */
export function workloadLabels(name: string, workload: WorkloadSettings): Record<string, string> {
  return workload.labels ?? { app: name };
}

/** Selector of a workload. It cannot change later, so it has only `app` and `version` where the pods have them. */
function workloadSelector(name: string, workload: WorkloadSettings): Record<string, string> {
  const labels = workloadLabels(name, workload);
  const identity = Object.entries(labels).filter(([label]) => label === 'app' || label === 'version');
  return identity.length > 0 ? Object.fromEntries(identity) : labels;
}
