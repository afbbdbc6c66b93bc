import { asList, asMap, asName, asNumber, asString, asStringMap, type JsonMap } from '../json';
import type { MeshKind, KnownNamespace, MeshObject, ObjectIndex } from './objects';

/** An object that creates pods, a bare pod, a WorkloadEntry, or a WorkloadGroup. */
export interface MeshWorkload {
  kind: string;
  name: string;
  namespace: string;
  source: MeshObject;
  /** Labels of its pods. */
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Number of pods, 1 by default; undefined when it depends on nodes (DaemonSet), an autoscaler or registration (WorkloadGroup). */
  replicas: number | undefined;
  /** Smallest number of pods according to the objects. */
  minReplicas: number;
  /** Defaults to `default`; undefined if the pods are not known. */
  serviceAccount: string | undefined;
  ports: readonly { number: number; name: string; protocol: string }[];
  proxy: ProxyKind;
  /** Address of a WorkloadEntry. */
  address: string | undefined;
  /** Spec of its pods; empty for a WorkloadEntry. */
  podSpec: JsonMap;
  /** Path of {@link podSpec} in the object, e.g. `spec.template.spec`. */
  podSpecPath: string;
}

/** Kinds with a pod template, and the path of the template. */
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

/** A workload that is read when it is first needed: most questions are about a few namespaces of a mesh. */
export interface WorkloadSource {
  namespace: string;
  read: () => MeshWorkload;
}

/** All workloads. A pod or ReplicaSet with a controller is left out, since the controller is the workload. */
export function meshWorkloads(objects: ObjectIndex, namespaces: ReadonlyMap<string, KnownNamespace>): WorkloadSource[] {
  const labelsOf = (namespace: string): Record<string, string> => namespaces.get(namespace)?.labels ?? {};
  const autoscaled = autoscaledReplicas(objects);
  const ofKind = (kind: MeshKind, read: (object: MeshObject) => MeshWorkload): WorkloadSource[] =>
    objects.ofKind(kind).map((object) => ({ namespace: object.namespace, read: once(() => read(object)) }));
  return [
    ...templates.flatMap(([kind, path]) =>
      objects
        .ofKind(kind)
        .filter((object) => !isOwned(object))
        .map((object) => ({
          namespace: object.namespace,
          read: once(() => ({
            ...podWorkload(objects, object, path, labelsOf(object.namespace)),
            ...podCount(object, autoscaled),
          })),
        })),
    ),
    ...ofKind('WorkloadEntry', workloadEntry),
    ...ofKind('WorkloadGroup', workloadGroup),
  ];
}

function once<T>(work: () => T): () => T {
  let done: { value: T } | undefined;
  return () => (done ??= { value: work() }).value;
}

function isOwned({ object }: MeshObject): boolean {
  return asList(asMap(object.metadata)['ownerReferences']).some((owner) => asMap(owner)['controller'] === true);
}

function podWorkload(
  objects: ObjectIndex,
  source: MeshObject,
  path: readonly string[],
  namespaceLabels: Record<string, string>,
): Omit<MeshWorkload, 'replicas' | 'minReplicas'> {
  const template = asMap(
    path.reduce<unknown>((value, key) => asMap(value)[key], templateOwner(objects, source).object),
  );
  const metadata = asMap(template['metadata']);
  const podSpec = asMap(template['spec']);
  const labels = asStringMap(metadata['labels']);
  const annotations = asStringMap(metadata['annotations']);
  return {
    ...identity(source),
    labels,
    annotations,
    serviceAccount: serviceAccountOf(template),
    ports: asList(podSpec['containers']).flatMap((container) =>
      asList(asMap(container)['ports']).flatMap((port) => containerPort(asMap(port))),
    ),
    proxy: proxyOf(source.namespace, namespaceLabels, labels, annotations, podSpec),
    address: undefined,
    podSpec,
    podSpecPath: [...path, 'spec'].join('.'),
  };
}

/** Kubernetes still takes the older name of the field. Without a pod spec nothing is known. */
function serviceAccountOf({ spec }: JsonMap): string | undefined {
  const { serviceAccountName, serviceAccount } = asMap(spec);
  return asName(serviceAccountName) ?? asName(serviceAccount) ?? (spec === undefined ? undefined : 'default');
}

function identity(source: MeshObject): Pick<MeshWorkload, 'kind' | 'name' | 'namespace' | 'source'> {
  return { kind: source.kind, name: source.name, namespace: source.namespace, source };
}

/** The object with the pod template: a Rollout may refer to a Deployment. */
function templateOwner(objects: ObjectIndex, source: MeshObject): MeshObject {
  const reference = asMap(source.kind === 'Rollout' ? source.spec['workloadRef'] : undefined);
  if (reference['kind'] !== 'Deployment') return source;
  return objects.get('Deployment', source.namespace, asName(reference['name']) ?? '') ?? source;
}

function podCount(
  source: MeshObject,
  autoscaled: ReadonlyMap<string, number>,
): Pick<MeshWorkload, 'replicas' | 'minReplicas'> {
  const { kind, spec } = source;
  if (kind === 'DaemonSet') return { replicas: undefined, minReplicas: 1 };
  const stated = kind === 'Pod' ? 1 : (asNumber(spec['replicas']) ?? 1);
  const least = autoscaled.get(`${kind} ${source.namespace}/${source.name}`);
  // A HorizontalPodAutoscaler does not scale up from 0 replicas; KEDA does.
  if (least === undefined || (stated === 0 && least > 0)) return { replicas: stated, minReplicas: stated };
  return { replicas: undefined, minReplicas: least };
}

/** Smallest number of pods of each workload that a HorizontalPodAutoscaler or a ScaledObject of KEDA scales. */
function autoscaledReplicas(objects: ObjectIndex): ReadonlyMap<string, number> {
  const found = (group: string, scaler: string, least: string, fallback: number): [string, number][] =>
    objects.ofGroupKind(group, scaler).map(({ spec, namespace }) => {
      const target = asMap(spec['scaleTargetRef']);
      const title = `${asName(target['kind']) ?? 'Deployment'} ${namespace}/${asName(target['name']) ?? ''}`;
      return [title, asNumber(spec[least]) ?? fallback];
    });
  return new Map([
    ...found('autoscaling', 'HorizontalPodAutoscaler', 'minReplicas', 1),
    ...found('keda.sh', 'ScaledObject', 'minReplicaCount', 0),
  ]);
}

function containerPort(port: JsonMap): { number: number; name: string; protocol: string }[] {
  const number = asNumber(port['containerPort']);
  if (number === undefined) return [];
  return [{ number, name: asString(port['name']) ?? '', protocol: asString(port['protocol']) ?? 'TCP' }];
}

function workloadEntry(source: MeshObject): MeshWorkload {
  const { spec } = source;
  return {
    ...entryWorkload(source, spec),
    // Both places may have labels; those of the metadata win (istio pilot/pkg/serviceregistry/serviceentry/conversion.go).
    labels: { ...asStringMap(spec['labels']), ...source.labels },
    annotations: source.annotations,
    replicas: 1,
    minReplicas: 1,
    address: asName(spec['address']),
  };
}

function workloadGroup(source: MeshObject): MeshWorkload {
  const metadata = asMap(source.spec['metadata']);
  const template = asMap(source.spec['template']);
  return {
    ...entryWorkload(source, template),
    labels: { ...asStringMap(template['labels']), ...asStringMap(metadata['labels']) },
    annotations: asStringMap(metadata['annotations']),
    replicas: undefined,
    minReplicas: 0,
    address: undefined,
  };
}

function entryWorkload(
  source: MeshObject,
  template: JsonMap,
): Omit<MeshWorkload, 'labels' | 'annotations' | 'replicas' | 'minReplicas' | 'address'> {
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

/** The proxy of a workload: a sidecar, the node's ztunnel, or none. */
export type ProxyKind = 'sidecar' | 'ambient' | 'none';

const neverInjected = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];

/**
 * Whether pods get a proxy from the webhooks of Istio's charts. A namespace label enables injection, and a pod label may opt out; in a namespace without the label,
 * a pod label may opt in. The annotation can only disable injection. https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/
 */
export function proxyOf(
  namespace: string,
  namespaceLabels: Record<string, string>,
  labels: Record<string, string>,
  annotations: Record<string, string>,
  podSpec: JsonMap,
): ProxyKind {
  if (carriesProxy(podSpec)) return 'sidecar';
  const injectable = !neverInjected.includes(namespace) && podSpec['hostNetwork'] !== true;
  if (injectable && isAskedFor(namespaceLabels, labels) && annotations['sidecar.istio.io/inject'] !== 'false') {
    return 'sidecar';
  }
  const mode = labels['istio.io/dataplane-mode'] ?? namespaceLabels['istio.io/dataplane-mode'];
  return mode === 'ambient' && podSpec['hostNetwork'] !== true ? 'ambient' : 'none';
}

function isAskedFor(namespace: Record<string, string>, pod: Record<string, string>): boolean {
  const inject = pod['sidecar.istio.io/inject'];
  if (inject === 'false') return false;
  const injection = namespace['istio-injection'];
  if (injection !== undefined) return injection === 'enabled';
  if (namespace['istio.io/rev'] !== undefined) return true;
  return inject === 'true' || pod['istio.io/rev'] !== undefined;
}

/** Whether a pod spec contains the proxy, as after `istioctl kube-inject`. */
function carriesProxy(podSpec: JsonMap): boolean {
  return [...asList(podSpec['containers']), ...asList(podSpec['initContainers'])].some(
    (container) => asMap(container)['name'] === 'istio-proxy',
  );
}
