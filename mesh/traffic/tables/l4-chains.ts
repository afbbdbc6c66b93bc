import { hostsOverlap } from '../../model/hosts';
import type { MeshModel, MeshService, MeshVirtualService } from '../../model/mesh-model';
import { parseProtocol } from '../../model/protocol';
import { allHold, type Valuation } from '../matching/literal';
import { inSubnets } from '../matching/subnet';
import type { Proxy } from '../proxy';
import { defaultAction } from '../rules/action';
import { l4Routes, type L4Route } from '../rules/l4-routes';
import { isPassthrough, type BoundServer } from './gateway-servers';
import { wildcardsOver } from './wildcards';

/** Something that TLS connections are told apart by. */
export interface SniChain<T> {
  /** Names and wildcards; empty: any, also no name at all. */
  sniHosts: readonly string[];
  take: T;
}

/** The chain for a server name: exact, else the longest wildcard, else one without names, as Envoy's filter chains match. */
export function chainFor<T>(chains: readonly SniChain<T>[], sni: string | undefined): T | undefined {
  if (sni === undefined) return chains.find(({ sniHosts }) => sniHosts.length === 0)?.take;
  const name = sni.toLowerCase();
  for (const wanted of [name, ...wildcardsOver(name)]) {
    const found = chains.find(({ sniHosts }) => sniHosts.some((host) => host.toLowerCase() === wanted));
    if (found !== undefined) return found.take;
  }
  return chains.find(({ sniHosts }) => sniHosts.length === 0 || sniHosts.includes('*'))?.take;
}

/** TCP rules of a gateway's server: the first that matches of the first VirtualService for its hosts (gateway.go, buildGatewayNetworkFiltersFromTCPRoutes). */
export function gatewayTcpRoute({ gateway, server }: BoundServer, proxy: Proxy, model: MeshModel): L4Route | undefined {
  return boundTo({ gateway, server }, proxy, model)
    .flatMap((virtualService) => l4Routes(virtualService, 'tcp', gateway.id, model.config))
    .find(({ port }) => port === undefined || port === server.port.number);
}

/** TLS rules of a passthrough server, one chain per match; a name that an earlier rule has is not given to a later one. */
export function gatewayTlsChains(
  { gateway, server }: BoundServer,
  proxy: Proxy,
  model: MeshModel,
): SniChain<L4Route>[] {
  const taken = new Set<string>();
  return boundTo({ gateway, server }, proxy, model)
    .flatMap((virtualService) => l4Routes(virtualService, 'tls', gateway.id, model.config))
    .filter(({ port }) => port === undefined || port === server.port.number)
    .flatMap((route) => {
      if (route.sniHosts.some((host) => taken.has(host))) return [];
      for (const host of route.sniHosts) taken.add(host);
      return [{ sniHosts: route.sniHosts, take: route }];
    });
}

/** VirtualServices whose hosts meet those of a server. */
function boundTo({ gateway, server }: BoundServer, proxy: Proxy, model: MeshModel): MeshVirtualService[] {
  return model.virtualServices.onGateway(gateway.id, proxy.namespace).filter(({ hosts, namespace }) =>
    server.hosts.some((entry) => {
      const [owner, name] = entry.includes('/') ? entry.split('/') : ['*', entry];
      const inNamespace = owner === '*' || (owner === '.' ? gateway.namespace : owner) === namespace;
      return inNamespace && hosts.some((host) => hostsOverlap(name ?? '', host));
    }),
  );
}

/** Whether a server hands TLS on unopened. */
export function isTlsRouted({ server }: BoundServer): boolean {
  return isPassthrough(server) && ['HTTPS', 'TLS', 'TCP'].includes(parseProtocol(server.port.protocol));
}

/**
 * The rules for a service's TCP or TLS port at sidecars, in order, the service's own cluster last; a port with TLS rules has no such default (istio
 * pilot/pkg/networking/core/tls.go). Conditions on the client are still in them.
 */
export function serviceL4Routes(
  service: MeshService,
  virtualServices: readonly MeshVirtualService[],
  protocol: 'tcp' | 'tls',
  port: number,
  model: MeshModel,
): L4Route[] {
  const routes = virtualServices
    .filter(({ hosts }) => hosts.some((host) => hostsOverlap(host, service.hostname)))
    .flatMap((virtualService) => l4Routes(virtualService, protocol, 'mesh', model.config))
    .filter((route) => route.port === undefined || route.port === port);
  return [
    ...routes,
    { ...serviceItself(service, port), unless: protocol === 'tls' ? routes.map(({ when }) => when) : [] },
  ];
}

/** The rule that takes a sidecar's connection; undefined when TLS rules exist for the client but none is for the server name. */
export function sidecarL4Route(
  routes: readonly L4Route[],
  client: Valuation,
  connection: { sni: string | undefined; address: string | undefined },
): L4Route | undefined {
  const reachable = routes.filter(
    ({ when, unless, subnets }) =>
      allHold(when, client) &&
      !unless.some((conditions) => allHold(conditions, client)) &&
      inSubnets(connection.address, subnets),
  );
  return chainFor(
    reachable.map((route) => ({ sniHosts: route.sniHosts, take: route })),
    connection.sni,
  );
}

function serviceItself({ hostname, namespace }: MeshService, port: number): L4Route {
  return {
    when: [],
    unless: [],
    port: undefined,
    action: { ...defaultAction({ host: hostname, port }, undefined), retries: undefined },
    rule: undefined,
    namespace,
    sniHosts: [],
    subnets: [],
  };
}
