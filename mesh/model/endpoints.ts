import { asList, asMap, asNumber, asString } from '../json';
import { describesWorkloads, isDescribed, lookUpHost } from './externals';
import type { MeshModel, MeshService, MeshWorkload, ServiceEndpoint } from './mesh-model';
import { hasLabels } from './workload-index';

/** A workload, and how many of its pods are selected; undefined if the objects do not determine the number. */
export interface SelectedWorkload {
  workload: MeshWorkload;
  replicas: number | undefined;
}

/**
 * The endpoints of a service, a subset or a destination. `none` means that Envoy has no healthy upstream and answers
 * 503. `unknown` means that pods may exist: the input lacks the workloads of the namespace, or the labels are set on
 * running pods only.
 */
export type Endpoints =
  | {
      is: 'some';
      workloads: readonly SelectedWorkload[];
      /**
       * Endpoints that are not workloads of the input: listed in a ServiceEntry or an EndpointSlice, or the host
       * itself.
       */
      addresses: readonly ServiceEndpoint[];
    }
  | { is: 'none'; why: string }
  | { is: 'unknown'; why: string };

export interface EndpointFilter {
  /** Labels of a subset. */
  labels?: Record<string, string>;
  /** Port of the service. With a named targetPort only pods with a port of that name count. */
  port?: number;
}

/** The endpoints of a service or, with labels, of one of its subsets. */
export function endpointsOf(model: MeshModel, service: MeshService, filter: EndpointFilter = {}): Endpoints {
  const { labels = {} } = filter;
  if (service.externalName !== undefined) return aliasEndpoints(model, service, service.externalName, filter);
  if (service.selector !== undefined) return selectedEndpoints(model, service, service.selector, filter);
  if (service.registry === 'Kubernetes') return sliceEndpoints(model, service, labels);
  const itself: ServiceEndpoint = { address: service.hostname, labels: {}, ports: {}, weight: undefined };
  // A ServiceEntry without endpoints represents its host, or the address that the client asked for.
  const listed = service.endpoints.length > 0 || service.resolution === 'Static' ? service.endpoints : [itself];
  if (service.resolution === 'None') return { is: 'some', workloads: [], addresses: [itself] };
  const addresses = listed.filter((endpoint) => hasLabels(endpoint.labels, labels));
  if (addresses.length > 0) return { is: 'some', workloads: [], addresses };
  const which = Object.keys(labels).length === 0 ? 'has no endpoints' : `has no endpoint with ${formatLabels(labels)}`;
  return { is: 'none', why: `ServiceEntry ${service.namespace}/${service.name} ${which}` };
}

/**
 * The endpoints of a destination of a route: a host as FQDN, with or without a subset, for clients of a namespace (with
 * these labels).
 */
export function destinationEndpoints(
  model: MeshModel,
  { host, subset, port }: { host: string; subset?: string | undefined; port?: number | undefined },
  client: { namespace: string; labels?: Record<string, string> },
): Endpoints {
  const found = lookUpHost(model, host, client.namespace);
  const named = { ...(port === undefined ? {} : { port }) };
  if (found.is === 'unknown') return { is: 'unknown', why: `the input has no service ${host}` };
  if (found.is === 'missing') return { is: 'none', why: `there is no service ${host}` };
  if (found.is === 'hidden') return { is: 'none', why: `${host} is not exported to namespace ${client.namespace}` };
  if (subset === undefined) return endpointsOf(model, found.service, named);
  const rule = model.destinationRules.forService(found.service, client.namespace, client.labels);
  const labels = rule?.subsets.find(({ name }) => name === subset)?.labels;
  if (labels !== undefined) return endpointsOf(model, found.service, { ...named, labels });
  const why = `no DestinationRule gives ${host} a subset ${subset}`;
  return { is: rule === undefined && !model.complete ? 'unknown' : 'none', why };
}

/** Labels for messages: `app=reviews, version=v1`. */
export function formatLabels(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .sort()
    .join(', ');
}

/** An ExternalName Service is another name for a host: for a Service or ServiceEntry among the objects, or for one outside the cluster. */
function aliasEndpoints(model: MeshModel, service: MeshService, target: string, filter: EndpointFilter): Endpoints {
  const [known] = model.services.withHost(target);
  if (known !== undefined && known.externalName === undefined) return endpointsOf(model, known, filter);
  return { is: 'unknown', why: `${service.hostname} is another name for ${target}, which is not in the input` };
}

function selectedEndpoints(
  model: MeshModel,
  service: MeshService,
  selector: Record<string, string>,
  { labels = {}, port }: EndpointFilter,
): Endpoints {
  const contradiction = Object.entries(labels).find(([label, value]) => (selector[label] ?? value) !== value);
  if (contradiction !== undefined) {
    const [label, value] = contradiction;
    return { is: 'none', why: `no pod has both ${label}=${selector[label] ?? ''} and ${label}=${value}` };
  }
  const { namespace } = service;
  const wanted = { ...selector, ...labels };
  // The search uses the labels in pod templates first, since a namespace may have thousands of workloads.
  const stated = Object.fromEntries(Object.entries(wanted).filter(([label]) => !isSetAtRuntime(label)));
  const candidates = model.workloads.selectedBy(stated, namespace).flatMap((workload) => selection(workload, wanted));
  const reached = candidates.filter(({ workload }) => port === undefined || hasTargetPort(service, workload, port));
  const running = reached.filter(({ replicas }) => replicas !== 0);
  if (running.some(({ minReplicas }) => minReplicas > 0)) {
    const workloads = running.map(({ workload, replicas }) => ({ workload, replicas }));
    return { is: 'some', workloads, addresses: [] };
  }
  if (running.length > 0)
    return { is: 'unknown', why: `the input does not show how many pods have ${formatLabels(wanted)}` };
  if (reached.length > 0) {
    const names = reached.map(({ workload }) => `${workload.kind} ${workload.namespace}/${workload.name}`).join(', ');
    return { is: 'none', why: `${names} ${reached.length === 1 ? 'has' : 'have'} 0 replicas` };
  }
  if (candidates.length > 0) {
    const target = service.ports.find(({ number }) => number === port)?.targetPort ?? '';
    return { is: 'none', why: `no pod with ${formatLabels(wanted)} has a container port named ${target}` };
  }
  // Flagger runs a copy of the workload under its own labels.
  const isCopied = model.objects.ofGroupKind('flagger.app', 'Canary').some((canary) => canary.namespace === namespace);
  return describesWorkloads(model, namespace) && !isCopied
    ? { is: 'none', why: `no workload of namespace ${namespace} has the labels ${formatLabels(wanted)}` }
    : { is: 'unknown', why: `the input does not have all workloads of namespace ${namespace}` };
}

interface Selection extends SelectedWorkload {
  /** The smallest number of pods according to the objects. */
  minReplicas: number;
}

/** The pods of a workload that have all the wanted labels; empty when none can have them. */
function selection(workload: MeshWorkload, wanted: Record<string, string>): Selection[] {
  const { kind, name, labels, replicas, minReplicas } = workload;
  const missing = Object.entries(wanted).filter(([label, value]) => labels[label] !== value);
  if (missing.length === 0) return [{ workload, replicas, minReplicas }];
  if (missing.some(([label]) => Object.hasOwn(labels, label) || !isSetAtRuntime(label))) return [];
  const [[label, value] = ['', '']] = missing;
  if (kind !== 'StatefulSet' || missing.length > 1 || !(label in ordinalLabels))
    return [{ workload, replicas: undefined, minReplicas: 0 }];
  const start = asNumber(asMap(workload.source.spec['ordinals'])['start']) ?? 0;
  const prefix = ordinalLabels[label] === 'name' ? `${name}-` : '';
  const ordinal = value.startsWith(prefix) ? Number(value.slice(prefix.length)) : NaN;
  if (!Number.isInteger(ordinal) || ordinal < start) return [];
  if (ordinal < start + minReplicas) return [{ workload, replicas: 1, minReplicas: 1 }];
  return replicas === undefined ? [{ workload, replicas: undefined, minReplicas: 0 }] : [];
}

/** Labels that differ between the pods of a StatefulSet. */
const ordinalLabels: Readonly<Record<string, 'name' | 'index'>> = {
  'statefulset.kubernetes.io/pod-name': 'name',
  'apps.kubernetes.io/pod-index': 'index',
};

/** Labels that istiod adds to endpoints, from the node and the cluster they are in (istio pkg/kube/labels, AugmentLabels). No pod template has them. */
export const labelsOfPlace = [
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
  'topology.istio.io/cluster',
  'topology.istio.io/network',
  'kubernetes.io/hostname',
];

/** Labels that Kubernetes, Istio and controllers set on running pods and their endpoints, so that no pod template shows them. */
const setAtRuntime = [
  ...Object.keys(ordinalLabels),
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'rollouts-pod-template-hash',
  ...labelsOfPlace,
  'security.istio.io/tlsMode',
  'service.istio.io/canonical-name',
  'service.istio.io/canonical-revision',
];

function isSetAtRuntime(label: string): boolean {
  return setAtRuntime.includes(label) || /^(batch\.kubernetes\.io\/)?(controller-uid|job-name)$/.test(label);
}

/** A Service sends requests to a named port only in pods with a container port of that name. */
function hasTargetPort(service: MeshService, workload: MeshWorkload, port: number): boolean {
  const target = service.ports.find(({ number }) => number === port)?.targetPort;
  return typeof target !== 'string' || workload.ports.some(({ name }) => name === target);
}

/** Endpoints of a Service without a selector: those that EndpointSlices and Endpoints of its name list. */
function sliceEndpoints(model: MeshModel, service: MeshService, labels: Record<string, string>): Endpoints {
  const { name, namespace } = service;
  const slices = model.objects
    .ofGroupKind('discovery.k8s.io', 'EndpointSlice')
    .filter((slice) => slice.namespace === namespace && slice.labels['kubernetes.io/service-name'] === name)
    .flatMap(({ object }) => asList(object['endpoints']))
    .filter((endpoint) => asMap(asMap(endpoint)['conditions'])['ready'] !== false)
    .flatMap((endpoint) => asList(asMap(endpoint)['addresses']));
  const listed = model.objects
    .ofGroupKind('', 'Endpoints')
    .filter((endpoints) => endpoints.namespace === namespace && endpoints.name === name)
    .flatMap(({ object }) => asList(object['subsets']))
    .flatMap((subset) => asList(asMap(subset)['addresses']))
    .map((address) => asMap(address)['ip']);
  const addresses = [...new Set([...slices, ...listed].flatMap((address) => asString(address) ?? []))];
  if (addresses.length === 0) {
    return isDescribed(model, namespace)
      ? { is: 'none', why: `Service ${namespace}/${name} has no selector and no EndpointSlice` }
      : { is: 'unknown', why: `the input does not have the EndpointSlices of Service ${namespace}/${name}` };
  }
  if (Object.keys(labels).length > 0)
    return { is: 'none', why: `endpoints of Service ${namespace}/${name} have no labels, so no subset selects them` };
  return {
    is: 'some',
    workloads: [],
    addresses: addresses.map((address) => ({ address, labels: {}, ports: {}, weight: undefined })),
  };
}
