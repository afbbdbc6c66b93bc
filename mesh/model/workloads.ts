import { asList, asMap, asName, asNumber, asText, asTextMap, type JsonMap } from './json';
import type { MeshNamespace } from './namespaces';
import type { MeshKind, MeshObject, ObjectIndex } from './object-index';
import { proxyOf, type ProxyKind } from './injection';

/** Something that runs: an object that makes pods, a bare pod, or a WorkloadEntry. */
export interface MeshWorkload {
  kind: string;
  name: string;
  namespace: string;
  source: MeshObject;
  /** Labels of its pods. */
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Pods it asks for; undefined when the object leaves that to others (DaemonSet, WorkloadGroup, an autoscaler). 1 when it states none. */
  replicas: number | undefined;
  /** Defaults to `default`. */
  serviceAccount: string;
  ports: readonly { number: number; name: string; protocol: string }[];
  proxy: ProxyKind;
  /** Address of a WorkloadEntry. */
  address: string | undefined;
  /** Spec of its pods; empty for a WorkloadEntry. */
  podSpec: JsonMap;
  /** Path of {@link podSpec} in the object, e.g. `spec.template.spec`. */
  podSpecPath: string;
}

/** Kinds with a pod template, and the path of its parent. */
const templates: readonly [MeshKind, readonly string[]][] = [
  ['Deployment', ['spec', 'template']],
  ['StatefulSet', ['spec', 'template']],
  ['DaemonSet', ['spec', 'template']],
  ['ReplicaSet', ['spec', 'template']],
  ['Rollout', ['spec', 'template']],
  ['Job', ['spec', 'template']],
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
  ['Pod', []],
];

/** All workloads. A pod or ReplicaSet that a listed controller owns is left out, since the controller stands for it. */
export function meshWorkloads(objects: ObjectIndex, namespaces: ReadonlyMap<string, MeshNamespace>): MeshWorkload[] {
  const labelsOf = (namespace: string): Record<string, string> => namespaces.get(namespace)?.labels ?? {};
  return [
    ...templates.flatMap(([kind, path]) =>
      objects
        .ofKind(kind)
        .filter((object) => !isOwned(object))
        .map((object) => podWorkload(object, path, labelsOf(object.namespace))),
    ),
    ...objects.ofKind('WorkloadEntry').map(workloadEntry),
    ...objects.ofKind('WorkloadGroup').map(workloadGroup),
  ];
}

function isOwned({ object }: MeshObject): boolean {
  return asList(asMap(object.metadata)['ownerReferences']).some((owner) => asMap(owner)['controller'] === true);
}

function podWorkload(
  source: MeshObject,
  path: readonly string[],
  namespaceLabels: Record<string, string>,
): MeshWorkload {
  const template = asMap(path.reduce<unknown>((value, key) => asMap(value)[key], source.object));
  const metadata = asMap(template['metadata']);
  const podSpec = asMap(template['spec']);
  const labels = asTextMap(metadata['labels']);
  const annotations = asTextMap(metadata['annotations']);
  return {
    ...identity(source),
    labels,
    annotations,
    replicas: replicas(source),
    serviceAccount: asName(podSpec['serviceAccountName']) ?? 'default',
    ports: asList(podSpec['containers']).flatMap((container) =>
      asList(asMap(container)['ports']).flatMap((port) => containerPort(asMap(port))),
    ),
    proxy: proxyOf(source.namespace, namespaceLabels, labels, annotations, podSpec),
    address: undefined,
    podSpec,
    podSpecPath: [...path, 'spec'].join('.'),
  };
}

function identity(source: MeshObject): Pick<MeshWorkload, 'kind' | 'name' | 'namespace' | 'source'> {
  return { kind: source.kind, name: source.name, namespace: source.namespace, source };
}

function replicas({ kind, spec }: MeshObject): number | undefined {
  if (kind === 'DaemonSet') return undefined;
  return kind === 'Pod' ? 1 : (asNumber(spec['replicas']) ?? 1);
}

function containerPort(port: JsonMap): { number: number; name: string; protocol: string }[] {
  const number = asNumber(port['containerPort']);
  if (number === undefined) return [];
  return [{ number, name: asText(port['name']) ?? '', protocol: asText(port['protocol']) ?? 'TCP' }];
}

function workloadEntry(source: MeshObject): MeshWorkload {
  const { spec } = source;
  return {
    ...entryWorkload(source, spec),
    // Both places may carry labels; those of the metadata win (istio pilot/pkg/serviceregistry/serviceentry/conversion.go).
    labels: { ...asTextMap(spec['labels']), ...source.labels },
    annotations: source.annotations,
    replicas: 1,
    address: asName(spec['address']),
  };
}

function workloadGroup(source: MeshObject): MeshWorkload {
  const metadata = asMap(source.spec['metadata']);
  const template = asMap(source.spec['template']);
  return {
    ...entryWorkload(source, template),
    labels: { ...asTextMap(template['labels']), ...asTextMap(metadata['labels']) },
    annotations: asTextMap(metadata['annotations']),
    replicas: undefined,
    address: undefined,
  };
}

function entryWorkload(
  source: MeshObject,
  template: JsonMap,
): Omit<MeshWorkload, 'labels' | 'annotations' | 'replicas' | 'address'> {
  const ports = Object.entries(asMap(template['ports'])).flatMap(([name, port]) => {
    const number = asNumber(port);
    return number === undefined ? [] : [{ number, name, protocol: 'TCP' }];
  });
  return {
    ...identity(source),
    serviceAccount: asName(template['serviceAccount']) ?? 'default',
    ports,
    proxy: 'sidecar',
    podSpec: {},
    podSpecPath: '',
  };
}
