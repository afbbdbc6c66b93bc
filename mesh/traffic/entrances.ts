import { asList, asMap, asName, asString, asStringMap, asStrings, isMap } from '../json';
import { hostsOverlap, isHostWithin, serviceFqdn } from '../model/hosts';
import type { MeshModel, MeshObject } from '../model/mesh-model';
import { hasLabels } from '../model/workload-index';
import type { Proxy } from './request';
import { gatewayApi, ingressHosts, parentsOf, routeKinds, servicesAsParents } from './unfollowed';
import { title } from './words';

/** An Ingress, or a Gateway of the Gateway API: requests enter there, and the routing model does not follow it. */
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
  const known = new Map(
    objects.ofGroupKind(gatewayApi, 'Gateway').map((gateway) => [title(gateway), gateway] as const),
  );
  // A route may be attached to a Gateway that is not in the input.
  const attached = routes.flatMap(parentsOf).filter(({ kind }) => !servicesAsParents.includes(kind));
  const all = new Map([...known.values(), ...attached].map((one) => [title(one), one] as const));
  const gateways = [...all.values()].filter((one) => !isWaypoint(known.get(title(one))?.spec['gatewayClassName']));
  return [
    ...gateways.map(({ kind, namespace, name }): Entrance => {
      const own = routes.filter((route) =>
        parentsOf(route).some((one) => title(one) === title({ kind, namespace, name })),
      );
      const listeners = asList(known.get(title({ kind, namespace, name }))?.spec['listeners']);
      const stated = own.flatMap(({ spec }) => asStrings(spec['hostnames']));
      const isOpen = own.some(({ spec }) => asStrings(spec['hostnames']).length === 0);
      const entrance = `${title({ kind, namespace, name })} of the Gateway API`;
      return {
        title: entrance,
        name,
        namespace,
        names: [entrance, ...own.map(title)],
        hosts: [...stated, ...(isOpen || own.length === 0 ? listenerHosts(listeners) : [])],
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

/** Without a known listener any host may be served. */
function listenerHosts(listeners: readonly unknown[]): string[] {
  return listeners.length === 0 ? ['*'] : listeners.map((one) => asName(asMap(one)['hostname']) ?? '*');
}

/** The entrances that take requests for a host. */
export function entrancesFor(model: MeshModel, host: string): Entrance[] {
  return entrances(model).filter(({ hosts }) => hosts.some((one) => isHostWithin(host, one)));
}

/**
 * The Ingresses and Gateway API objects that can affect a gateway's workload: istiod serves an Ingress of its class
 * there, and a Gateway with the address of its Service.
 */
export function touchingGateway(model: MeshModel, proxy: Proxy, host: string): string[] {
  return [...ingressesAt(model, proxy, host), ...attachedGateways(model, proxy, host)];
}

function attachedGateways(model: MeshModel, { namespace, labels }: Proxy, host: string): string[] {
  const attached = model.objects.ofGroupKind(gatewayApi, 'Gateway').filter((gateway) =>
    asList(gateway.spec['addresses']).some((address) => {
      const written = asName(asMap(address)['value']) ?? '';
      const [service] = model.services.withHost(
        serviceFqdn(written, gateway.namespace, model.config.domain) ?? written,
      );
      return service?.selector !== undefined && service.namespace === namespace && hasLabels(labels, service.selector);
    }),
  );
  const ids = new Set(attached.map(title));
  return entrances(model)
    .filter(
      (one) => ids.has(title({ ...one, kind: 'Gateway' })) && one.hosts.some((other) => hostsOverlap(host, other)),
    )
    .flatMap(({ names }) => names.map((name) => `${name} is not modelled`));
}

function ingressesAt(model: MeshModel, { labels }: Proxy, host: string): string[] {
  const selector = asStringMap(asMap(model.config.raw['ingressSelector']));
  const istio = Object.keys(selector).length > 0 ? selector : { istio: 'ingressgateway' };
  if (!hasLabels(labels, istio)) return [];
  return model.objects
    .ofGroupKind('networking.k8s.io', 'Ingress')
    .filter((ingress) => isOfIstio(model, ingress))
    .filter((ingress) => {
      const hosts = ingressHosts(ingress);
      return hosts.length === 0 || hosts.some((one) => hostsOverlap(host, one));
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
