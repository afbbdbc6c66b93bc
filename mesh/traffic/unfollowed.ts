import { apiGroup, type KubernetesObject } from '../manifests/kubernetes';
import { asList, asMap, asName, asString, asStringMap, asStrings, canonical, isMap, without } from '../json';
import { compareStrings } from '../collections';
import { isHostWithin } from '../model/hosts';
import type { MeshModel, MeshObject, MeshService, MeshWorkload } from '../model/mesh-model';
import { hasLabels } from '../model/workload-index';
import { isAssumed } from './assumed';
import type { Proxy } from './request';

/**
 * Kinds that affect traffic, but are not modelled. The answer names them, and says that the outcome of requests they
 * can affect is unknown.
 */
const gatewayApi = 'gateway.networking.k8s.io';
const routeKinds = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'UDPRoute'];
const kinds: Readonly<Record<string, readonly string[]>> = {
  [gatewayApi]: [...routeKinds, 'Gateway', 'GatewayClass', 'ReferenceGrant', 'BackendTLSPolicy', 'ListenerSet'],
  'gateway.networking.x-k8s.io': ['XListenerSet', 'XBackendTrafficPolicy'],
  'networking.k8s.io': ['Ingress', 'IngressClass', 'NetworkPolicy'],
  'networking.istio.io': ['EnvoyFilter', 'ProxyConfig'],
  'extensions.istio.io': ['WasmPlugin'],
};

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
    const parents = asList(spec['parentRefs']).map((value) => {
      const parent = asMap(value);
      return `${asName(parent['kind']) ?? 'Gateway'} ${asName(parent['namespace']) ?? namespace}/${asString(parent['name']) ?? ''}`;
    });
    const what = hosts.length === 0 ? 'requests' : `requests for ${hosts.join(', ')}`;
    return parents.length === 0 ? what : `${what} at ${parents.join(', ')}`;
  }
  if (kind === 'NetworkPolicy') return `connections to and from pods of ${namespace}`;
  if (kind === 'EnvoyFilter' || kind === 'WasmPlugin' || kind === 'ProxyConfig') {
    const labels = selectorOf(object);
    const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
    return `requests through proxies of ${namespace}${pairs.length === 0 ? '' : ` with ${pairs.join(', ')}`}`;
  }
  return 'requests that pass through it';
}

function ingressHosts({ spec }: MeshObject): string[] {
  return asList(spec['rules']).flatMap((rule) => asName(asMap(rule)['host']) ?? []);
}

function selectorOf({ spec }: MeshObject): Record<string, string> {
  return {
    ...asStringMap(asMap(spec['workloadSelector'])['labels']),
    ...asStringMap(asMap(spec['selector'])['matchLabels']),
  };
}

function title({ kind, namespace, name }: Pick<MeshObject, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`;
}

/** What can change the answer to a client's requests for a service, by name. */
export function touching(
  model: MeshModel,
  client: Proxy,
  service: MeshService | undefined,
  workloads: readonly MeshWorkload[],
): string[] {
  const { objects } = model;
  const isGateway = client.type === 'gateway';
  const extensions = [...objects.ofKind('EnvoyFilter'), ...objects.ofKind('WasmPlugin')].filter(
    (object) =>
      (client.type !== 'none' && appliesTo(object, client, isGateway ? 'GATEWAY' : 'SIDECAR_OUTBOUND', model)) ||
      workloads.some((workload) => workload.proxy !== 'none' && appliesTo(object, workload, 'SIDECAR_INBOUND', model)),
  );
  const routes =
    service === undefined || client.type !== 'sidecar'
      ? []
      : routeKinds.flatMap((kind) =>
          objects.ofGroupKind(gatewayApi, kind).filter((route) => hasParent(route, service)),
        );
  const waypoint = service === undefined || isAssumed(service.source) ? undefined : waypointOf(model, service);
  return [
    ...new Set([
      ...[...extensions, ...routes].map((object) => `${title(object)} is not modelled`),
      ...(waypoint === undefined || client.type === 'none' ? [] : [`waypoint ${waypoint} is not modelled`]),
    ]),
  ];
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

function hasParent(route: MeshObject, service: MeshService): boolean {
  return asList(route.spec['parentRefs']).some((value) => {
    const parent = asMap(value);
    const kind = asName(parent['kind']);
    if (kind === 'Hostname') return asString(parent['name']) === service.hostname;
    return (
      (kind === 'Service' || kind === 'ServiceEntry') &&
      asString(parent['name']) === service.name &&
      (asName(parent['namespace']) ?? route.namespace) === service.namespace
    );
  });
}

function waypointOf({ namespaces }: MeshModel, { source, namespace }: MeshService): string | undefined {
  const label = source.labels['istio.io/use-waypoint'] ?? namespaces.get(namespace)?.labels['istio.io/use-waypoint'];
  return label === undefined || label === 'none' ? undefined : `${namespace}/${label}`;
}

/** An entrance for requests that is not modelled. */
export interface Entrance {
  /** E.g. `Gateway edge/public (Gateway API)`, `Ingress shop/web`. */
  title: string;
  name: string;
  namespace: string;
  /** Objects that decide there. */
  names: string[];
  /** Hosts that are served there; empty for any host. */
  hosts: string[];
}

export function entrances({ objects }: MeshModel): Entrance[] {
  const routes = routeKinds.flatMap((kind) => objects.ofGroupKind(gatewayApi, kind));
  const gateways = objects
    .ofGroupKind(gatewayApi, 'Gateway')
    .filter(({ spec }) => !isWaypoint(spec['gatewayClassName']));
  return [
    ...gateways.map((gateway): Entrance => {
      const own = routes.filter((route) => isParent(route, gateway));
      const listeners = asList(gateway.spec['listeners']).map((one) => asName(asMap(one)['hostname']) ?? '*');
      const hosts = own.flatMap(({ spec }) => asStrings(spec['hostnames']));
      return {
        title: `${title(gateway)} of the Gateway API`,
        name: gateway.name,
        namespace: gateway.namespace,
        names: [`${title(gateway)} of the Gateway API`, ...own.map(title)],
        hosts: hosts.length > 0 ? hosts : listeners,
      };
    }),
    ...objects.ofGroupKind('networking.k8s.io', 'Ingress').map((ingress): Entrance => ({
      title: title(ingress),
      name: ingress.name,
      namespace: ingress.namespace,
      names: [title(ingress)],
      hosts: ingressHosts(ingress).length > 0 && !isMap(ingress.spec['defaultBackend']) ? ingressHosts(ingress) : ['*'],
    })),
  ];
}

function isWaypoint(className: unknown): boolean {
  return asString(className)?.includes('waypoint') === true;
}

function isParent(route: MeshObject, gateway: MeshObject): boolean {
  return asList(route.spec['parentRefs']).some((value) => {
    const parent = asMap(value);
    return (
      (asName(parent['kind']) ?? 'Gateway') === 'Gateway' &&
      asString(parent['name']) === gateway.name &&
      (asName(parent['namespace']) ?? route.namespace) === gateway.namespace
    );
  });
}

/** The entrances that take requests for a host. */
export function entrancesFor(model: MeshModel, host: string): Entrance[] {
  return entrances(model).filter(({ hosts }) => hosts.some((one) => isHostWithin(host, one)));
}

/** What an Ingress or the Gateway API can do at a gateway's workload: istiod serves an Ingress of its class there. */
export function touchingGateway(model: MeshModel, { labels }: Proxy, host: string): string[] {
  const selector = asStringMap(asMap(model.config.raw['ingressSelector']));
  const istio = Object.keys(selector).length > 0 ? selector : { istio: 'ingressgateway' };
  if (!hasLabels(labels, istio)) return [];
  return model.objects
    .ofGroupKind('networking.k8s.io', 'Ingress')
    .filter((ingress) => isOfIstio(model, ingress))
    .filter((ingress) => {
      const hosts = ingressHosts(ingress);
      return hosts.length === 0 || hosts.some((one) => isHostWithin(host, one) || isHostWithin(one, host));
    })
    .map((ingress) => `${title(ingress)} is not modelled`);
}

function isOfIstio({ objects }: MeshModel, { spec, annotations }: MeshObject): boolean {
  const stated = asName(spec['ingressClassName']) ?? annotations['kubernetes.io/ingress.class'];
  if (stated === undefined || stated === 'istio') return true;
  return objects
    .ofGroupKind('networking.k8s.io', 'IngressClass')
    .some((one) => one.name === stated && one.spec['controller'] === 'istio.io/ingress-controller');
}
