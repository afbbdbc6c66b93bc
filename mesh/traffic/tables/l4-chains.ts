import { hostsOverlap } from '../../model/hosts';
import type { MeshModel, MeshService, MeshVirtualService } from '../../model/mesh-model';
import { parseProtocol } from '../../model/protocol';
import { allHold, inSubnets, type Literal, type Valuation } from '../conditions';
import type { Proxy } from '../request';
import { defaultL4Action, refusedAction } from '../rules/action';
import { type CompiledRoute, type L4Route, l4Routes } from '../rules/routes';
import { type BoundServer, isPassthrough, wildcardsOver } from './gateway-table';

/** A chain or rule that matches TLS connections by server name. */
export interface SniChain<T> {
  /** Names and wildcards; empty for any connection, even without a name. */
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

/** TLS rules of a passthrough server, one chain per match. If several rules have a name, the first one gets it. */
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

/** VirtualServices whose hosts overlap with those of a server. */
function boundTo({ gateway, server }: BoundServer, proxy: Proxy, model: MeshModel): MeshVirtualService[] {
  return model.virtualServices.onGateway(gateway.id, proxy.namespace).filter(({ hosts, namespace }) =>
    server.hosts.some((entry) => {
      const [owner, name] = entry.includes('/') ? entry.split('/') : ['*', entry];
      const inNamespace = owner === '*' || (owner === '.' ? gateway.namespace : owner) === namespace;
      return inNamespace && hosts.some((host) => hostsOverlap(name ?? '', host));
    }),
  );
}

/** Whether a server passes TLS through. */
export function isTlsRouted({ server }: BoundServer): boolean {
  return isPassthrough(server) && ['HTTPS', 'TLS', 'TCP'].includes(parseProtocol(server.port.protocol));
}

/**
 * The rules for a service's TCP or TLS port at sidecars, in order, the service's own cluster last; a port with TLS
 * rules has no such default (istio pilot/pkg/networking/core/tls.go). Conditions on the client are not evaluated yet.
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

/**
 * The rule that takes a sidecar's connection; undefined if TLS rules exist for the client, but none for the server
 * name.
 */
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
    action: defaultL4Action({ host: hostname, port }),
    rule: undefined,
    namespace,
    sniHosts: [],
    subnets: [],
  };
}

/**
 * Clients for which Envoy refuses the TLS listener of a service, as routes that come before all others: two rules for
 * them have a server name in common. Equal lists of names are harmless, because istiod leaves out the later one (istio
 * pilot/pkg/networking/core/tls.go, hashRuntimeTLSMatchPredicates).
 */
export function refusals(hostname: string, routes: readonly L4Route[]): CompiledRoute[] {
  return routes.flatMap((later, index) =>
    routes.slice(0, index).flatMap((earlier) => {
      const name = isSameList(earlier, later) ? undefined : sharedName(earlier, later);
      return name === undefined ? [] : [refusal(hostname, name, earlier, later)];
    }),
  );
}

function refusal(hostname: string, name: string, earlier: L4Route, later: L4Route): CompiledRoute {
  const rules = [...new Set([earlier, later].map(ruleWords))].join(' and ');
  return {
    when: unique([...earlier.when, ...later.when]),
    unless: [],
    port: undefined,
    action: refusedAction(
      `refused by Envoy, which keeps the previous listener: server name ${name} of ${hostname} is in ${rules}`,
    ),
    rule: undefined,
    namespace: later.namespace,
  };
}

function ruleWords({ rule }: L4Route): string {
  return rule === undefined ? 'its own rule' : `${rule.kind} ${rule.namespace}/${rule.name} ${rule.path}`;
}

function isSameList(a: L4Route, b: L4Route): boolean {
  return JSON.stringify([a.sniHosts, a.subnets]) === JSON.stringify([b.sniHosts, b.subnets]);
}

/** A server name that both rules have for the same addresses. */
function sharedName(a: L4Route, b: L4Route): string | undefined {
  const address = (route: L4Route): string[] => (route.subnets.length === 0 ? [''] : route.subnets);
  if (!address(a).some((subnet) => address(b).includes(subnet))) return undefined;
  return a.sniHosts.find((name) => b.sniHosts.includes(name));
}

function unique(literals: readonly Literal[]): Literal[] {
  return [...new Map(literals.map((literal) => [JSON.stringify(literal), literal])).values()];
}
