import { injectionAnnotation } from '../../../../mesh/manifests/namespace';
import { without } from '../../../support/without';
import type { KubernetesObject } from '../../../../mesh/manifests/kubernetes';

type Fields = Record<string, unknown>;

/**
 * An object without irrelevant parts: namespace, the annotation that rolls pods, fields with Kubernetes' default
 * values, and labels of the object itself, which select nothing and which the walkthroughs set only on some objects.
 */
export function comparable(object: KubernetesObject): KubernetesObject {
  const { name, annotations, labels } = object.metadata;
  const kept = object.kind === 'Pod' || object.kind === 'ServiceAccount' ? { labels: labels ?? {} } : {};
  return {
    ...object,
    metadata: { name, ...withoutInjection({ annotations }), ...kept },
    ...(object.spec === undefined ? {} : { spec: comparableSpec(object.kind, object.spec) }),
  };
}

function withoutInjection({ annotations }: Fields): Fields {
  const rest = without((annotations ?? {}) as Fields, injectionAnnotation);
  return Object.keys(rest).length === 0 ? {} : { annotations: rest };
}

function comparableSpec(kind: string, spec: Fields): Fields {
  if (kind === 'Service') return { type: 'ClusterIP', ...spec, ports: list(spec['ports']).map(servicePort) };
  if (kind === 'Pod') return podSpec(spec);
  if (kind !== 'Deployment') return spec;
  const template = spec['template'] as { metadata: Fields; spec: Fields };
  const { labels } = template.metadata;
  return {
    replicas: 1,
    progressDeadlineSeconds: 600,
    revisionHistoryLimit: 10,
    ...spec,
    template: { metadata: { labels, ...withoutInjection(template.metadata) }, spec: podSpec(template.spec) },
  };
}

/** `serviceAccount` is the old name of `serviceAccountName`; an empty affinity is none. */
function podSpec(fields: Fields): Fields {
  const { serviceAccount, ...spec } = without(fields, 'affinity');
  const account = serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount };
  return { ...account, ...spec, containers: list(spec['containers']).map(container) };
}

function container(fields: Fields): Fields {
  const ports = fields['ports'];
  return {
    ...fields,
    ...(ports === undefined ? {} : { ports: list(ports).map((port) => ({ protocol: 'TCP', ...port })) }),
  };
}

function servicePort(port: Fields): Fields {
  return { protocol: 'TCP', targetPort: port['port'], ...port };
}

function list(value: unknown): Fields[] {
  return (value ?? []) as Fields[];
}
