import { defined } from '../kubernetes';
import { injectionAnnotation } from '../namespace';
import { mergeValues } from '../release';
import { workloadLabels } from './labels';
import type { EnvValue, WorkloadSettings } from './settings';

export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  spec: Record<string, unknown>;
}

/**
 * The pods of a workload.
 * @param injection - what the namespace asks of the injector, as `injectionOf` says it
 */
export function podTemplate(name: string, workload: WorkloadSettings, injection: string): PodTemplate {
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
