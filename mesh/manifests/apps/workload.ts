import { defined, type KubernetesObject } from '../kubernetes';
import { mergeValues } from '../release';
import { workloadSelector } from './labels';
import { podTemplate } from './pod';
import type { WorkloadSettings } from './settings';

/**
 * The Deployment, StatefulSet or bare Pod of a workload.
 * @param injection - what the namespace asks of the injector, as `injectionOf` says it
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
