import { apiGroup, type KubernetesObject } from '../manifests/kubernetes';
import { asList, asMap, asName, asString, asStringMap, asStrings, canonical, without } from '../json';
import { compareStrings } from '../collections';
import type { MeshModel, MeshObject, MeshService, MeshWorkload } from '../model/mesh-model';
import { hasLabels } from '../model/workload-index';
import { isAssumed } from './assumed';
import type { Proxy } from './request';
import { title } from './words';

/**
 * Kinds that affect traffic, but are not modelled. The answer names them, and says that the outcome of requests they
 * can affect is unknown.
 */
export const gatewayApi = 'gateway.networking.k8s.io';
export const routeKinds = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'UDPRoute'];
const kinds: Readonly<Record<string, readonly string[]>> = {
  [gatewayApi]: [...routeKinds, 'Gateway', 'GatewayClass', 'ReferenceGrant', 'BackendTLSPolicy', 'ListenerSet'],
  'gateway.networking.x-k8s.io': ['XListenerSet', 'XBackendTrafficPolicy'],
  'networking.k8s.io': ['Ingress', 'IngressClass', 'NetworkPolicy'],
  'networking.istio.io': ['EnvoyFilter', 'ProxyConfig'],
  'extensions.istio.io': ['WasmPlugin', 'TrafficExtension'],
};

/** Kinds that change what a proxy does, by its namespace and labels. */
export const extensionsOfProxies = ['EnvoyFilter', 'WasmPlugin', 'TrafficExtension'] as const;

/** An object that is not modelled, and the requests that it can affect. */
export interface Unfollowed {
  kind: string;
  namespace: string;
  name: string;
  touches: string;
}

export function isUnfollowed({ apiVersion, kind }: KubernetesObject): boolean {
  return kinds[apiGroup(apiVersion)]?.includes(kind) === true;
}

/** Objects of kinds that are not modelled, and that were added, removed or changed. */
export function changedUnfollowed(before: MeshModel, after: MeshModel): Unfollowed[] {
  const [old, next] = [before, after].map(
    ({ objects }) =>
      new Map(
        objects.all
          .filter(({ object }) => isUnfollowed(object))
          .map((object) => [`${object.kind} ${object.namespace}/${object.name}`, object] as const),
      ),
  ) as [Map<string, MeshObject>, Map<string, MeshObject>];
  return [...new Set([...old.keys(), ...next.keys()])].sort(compareStrings).flatMap((key) => {
    const [was, is] = [old.get(key), next.get(key)];
    const one = is ?? was;
    return one === undefined || (was && is && contentOf(was) === contentOf(is)) ? [] : [unfollowed(one)];
  });
}

/** The content of an object, without the fields that the cluster sets. */
export function contentOf({ object, labels, annotations }: MeshObject): string {
  const content = without({ ...object }, 'metadata', 'status');
  const notes = without(annotations, 'kubectl.kubernetes.io/last-applied-configuration');
  return canonical({ ...content, labels, annotations: notes });
}

export function unfollowed(object: MeshObject): Unfollowed {
  const { kind, namespace, name } = object;
  return { kind, namespace, name, touches: touchedWords(object) };
}

function touchedWords(object: MeshObject): string {
  const { kind, namespace, spec } = object;
  if (routeKinds.includes(kind) || kind === 'Ingress') {
    const hosts = kind === 'Ingress' ? ingressHosts(object) : asStrings(spec['hostnames']);
    const parents = parentsOf(object).map(title);
    const what = hosts.length === 0 ? 'requests' : `requests for ${hosts.join(', ')}`;
    return parents.length === 0 ? what : `${what} at ${parents.join(', ')}`;
  }
  if (kind === 'NetworkPolicy') return `connections to and from pods of ${namespace}`;
  if (kind === 'ProxyConfig' || extensionsOfProxies.some((one) => one === kind)) {
    const labels = selectorOf(object);
    const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
    return `requests through proxies of ${namespace}${pairs.length === 0 ? '' : ` with ${pairs.join(', ')}`}`;
  }
  return 'requests that pass through it';
}

export function ingressHosts({ spec }: MeshObject): string[] {
  return asList(spec['rules']).flatMap((rule) => asName(asMap(rule)['host']) ?? []);
}

function selectorOf({ spec }: MeshObject): Record<string, string> {
  return {
    ...asStringMap(asMap(spec['workloadSelector'])['labels']),
    ...asStringMap(asMap(spec['selector'])['matchLabels']),
  };
}

/** The destination of a client's requests. */
export interface Reached {
  /** The service that the client of a sidecar asks for. */
  service: MeshService | undefined;
  /** The services that receive the requests. */
  destinations: readonly MeshService[];
  workloads: readonly MeshWorkload[];
}

/** What can change the answer to a client's requests, by name. */
export function touching(model: MeshModel, client: Proxy, { service, destinations, workloads }: Reached): string[] {
  const { objects } = model;
  const isGateway = client.type === 'gateway';
  const extensions = extensionsOfProxies
    .flatMap((kind) => objects.ofKind(kind))
    .filter(
      (object) =>
        (client.type !== 'none' && appliesTo(object, client, isGateway ? 'GATEWAY' : 'SIDECAR_OUTBOUND', model)) ||
        workloads.some(
          (workload) => workload.proxy !== 'none' && appliesTo(object, workload, 'SIDECAR_INBOUND', model),
        ),
    );
  const routes =
    service === undefined || client.type !== 'sidecar'
      ? []
      : routeKinds.flatMap((kind) =>
          objects.ofGroupKind(gatewayApi, kind).filter((route) => hasParent(route, service)),
        );
  const policies =
    client.type === 'none'
      ? []
      : [
          ...objects.ofGroupKind(gatewayApi, 'BackendTLSPolicy'),
          ...objects.ofGroupKind('gateway.networking.x-k8s.io', 'XBackendTrafficPolicy'),
        ].filter((policy) => destinations.some((one) => targets(policy, one)));
  const behindWaypoints = isGateway
    ? destinations.filter((one) => labelOf(model, one, 'istio.io/ingress-use-waypoint') === 'true')
    : service === undefined || client.type === 'none'
      ? []
      : [service];
  return [
    ...new Set([
      ...[...extensions, ...routes, ...policies].map((object) => `${title(object)} is not modelled`),
      ...behindWaypoints
        .flatMap((one) => waypointOf(model, one) ?? [])
        .map((waypoint) => `waypoint ${waypoint} is not modelled`),
    ]),
  ];
}

/** Whether a policy of the Gateway API applies to a Service. */
function targets({ namespace, spec }: MeshObject, service: MeshService): boolean {
  return asList(spec['targetRefs']).some((value) => {
    const target = asMap(value);
    return target['kind'] === 'Service' && target['name'] === service.name && namespace === service.namespace;
  });
}

/** Whether an extension applies to a proxy in a role. */
function appliesTo(
  object: MeshObject,
  { namespace, labels }: Pick<MeshWorkload, 'namespace' | 'labels'>,
  context: 'SIDECAR_OUTBOUND' | 'SIDECAR_INBOUND' | 'GATEWAY',
  { config }: MeshModel,
): boolean {
  const { spec } = object;
  if (spec['targetRefs'] !== undefined || spec['targetRef'] !== undefined) return false;
  if (object.namespace !== namespace && object.namespace !== config.rootNamespace) return false;
  // For senders without a namespace, the labels are unknown, too.
  if (namespace !== '' && !hasLabels(labels, selectorOf(object))) return false;
  if (object.kind !== 'EnvoyFilter') return true;
  return asList(spec['configPatches']).some((patch) => {
    const stated = asName(asMap(asMap(patch)['match'])['context']) ?? 'ANY';
    return stated === 'ANY' || stated === context;
  });
}

interface Parent {
  kind: string;
  namespace: string;
  name: string;
}

/** The parents of a Gateway API route. */
export function parentsOf({ namespace, spec }: MeshObject): Parent[] {
  return asList(spec['parentRefs']).map((value) => {
    const parent = asMap(value);
    return {
      kind: asName(parent['kind']) ?? 'Gateway',
      namespace: asName(parent['namespace']) ?? namespace,
      name: asString(parent['name']) ?? '',
    };
  });
}

/** Kinds of parents that are not entrances: routes for them apply in the mesh. */
export const servicesAsParents = ['Service', 'ServiceEntry', 'Hostname'];

function hasParent(route: MeshObject, service: MeshService): boolean {
  return parentsOf(route).some(({ kind, namespace, name }) =>
    kind === 'Hostname'
      ? name === service.hostname
      : servicesAsParents.includes(kind) && name === service.name && namespace === service.namespace,
  );
}

function waypointOf(model: MeshModel, service: MeshService): string | undefined {
  const name = labelOf(model, service, 'istio.io/use-waypoint');
  if (name === undefined || name === 'none') return undefined;
  return `${labelOf(model, service, 'istio.io/use-waypoint-namespace') ?? service.namespace}/${name}`;
}

/** A label of a Service, or else of its namespace. */
function labelOf({ namespaces }: MeshModel, { source, namespace }: MeshService, label: string): string | undefined {
  return (isAssumed(source) ? undefined : source.labels[label]) ?? namespaces.get(namespace)?.labels[label];
}
