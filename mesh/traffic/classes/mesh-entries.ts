import { compareSpecificity, isWildcard } from '../../model/hosts';
import { exact, literal, type Literal } from '../conditions';
import type { CompiledRoute, L4Route } from '../rules/routes';
import { compareStrings } from '../../collections';
import type { MeshService } from '../../model/mesh-model';
import { isHttp, isTls } from '../../model/protocol';
import { noRoute, notTaken, type Outcome, reset, unknownHost } from '../outcome';
import { isAssumed } from '../assumed';
import { plainRouteOutcome, plainRoutes, ruleOutcome } from '../rule-outcome';
import { refusals, serviceL4Routes } from '../tables/l4-chains';
import type { MeshHost } from '../tables/mesh-host';
import type { TrafficModel } from '../traffic-model';
import type { Client } from './clients';
import { type Entry, withStatus } from './classes';
import { placesOf } from '../endpoints';
import { withTouching } from '../unknowns';
import { byVerdict } from '../verdicts';

/** TCP and TLS rules as routes with conditions, one per server name or subnet, the most specific name first, as connections are matched. */
export function l4Literals(routes: readonly L4Route[]): CompiledRoute[] {
  const named = routes.flatMap((route) =>
    (route.sniHosts.length === 0 ? ['*'] : route.sniHosts).map((sni) => ({ route, sni })),
  );
  return named
    .sort((a, b) => compareSpecificity(a.sni.toLowerCase(), b.sni.toLowerCase()))
    .flatMap(({ route, sni }) => {
      const names = sniLiterals(sni.toLowerCase());
      return (route.subnets.length === 0 ? [undefined] : route.subnets).map((subnet) => ({
        ...route,
        // Subnets are compared as strings: overlaps are not detected.
        when: [...route.when, ...names, ...(subnet === undefined ? [] : [exact('destination address', subnet)])],
      }));
    });
}

function sniLiterals(sni: string): Literal[] {
  if (sni === '*') return [];
  if (!isWildcard(sni)) return [exact('sni', sni)];
  return [literal('sni', { kind: 'suffix', value: sni.slice(1), ignoreCase: false })];
}

/** The entries of the sidecars of a kind of workload. */
export function meshEntries(traffic: TrafficModel, client: Client): Entry[] {
  const { mesh } = traffic;
  const scope = traffic.scope(client.proxy);
  const services = [...mesh.services.hosts()].sort(compareStrings).flatMap((host): Entry[] => {
    const service = scope.listenedService(host);
    return service === undefined || service.resolution === 'Alias'
      ? []
      : service.ports
          .filter(({ protocol }) => protocol !== 'UDP')
          .map(({ number }) => serviceEntry(traffic, client, service, number));
  });
  return [...services, ...unregisteredEntries(traffic, client), ...unknownHostEntries(traffic, client)];
}

/** All hosts that the mesh does not know: outboundTrafficPolicy decides. */
function unknownHostEntries(traffic: TrafficModel, client: Client): Entry[] {
  const scope = traffic.scope(client.proxy);
  const [host, port] = ['*', 80];
  const otherwise = unknownHost('the mesh does not know the host', scope.sidecar.outboundTrafficPolicy, true);
  return [{ client, protocol: 'http', host, port, routes: [], otherwise, outcome: () => otherwise, places: () => [] }];
}

/** The entries of clients without a sidecar: Services, without any rules. */
export function plainEntries(traffic: TrafficModel, client: Client): Entry[] {
  const { mesh } = traffic;
  const view = traffic.plainView(client.proxy);
  return [...mesh.services.hosts()].sort(compareStrings).flatMap((host): Entry[] => {
    const service = view.service(host);
    if (service === undefined || service.resolution === 'Alias' || isAssumed(service.source)) return [];
    return service.ports
      .filter(({ protocol }) => protocol !== 'UDP')
      .map(({ number: port, protocol }): Entry => {
        const asking = { caller: client.proxy, port, view, model: mesh };
        const outcome = (route: CompiledRoute): Outcome =>
          withTouching(traffic, client.proxy, service, plainRouteOutcome(route, asking));
        return {
          client,
          protocol: isHttp(protocol) || protocol === 'Unsupported' ? 'http' : 'tcp',
          host,
          port,
          routes: plainRoutes(service, port).flatMap((route) => byVerdict(route, asking)),
          otherwise: reset(`${host} does not answer`),
          outcome,
          places: placesOf(mesh, view),
        };
      });
  });
}

/** A service's port. */
export function serviceEntry(traffic: TrafficModel, client: Client, service: MeshService, port: number): Entry {
  const { mesh } = traffic;
  const scope = traffic.scope(client.proxy);
  const protocol = service.ports.find(({ number }) => number === port)?.protocol ?? 'Unsupported';
  const asking = { caller: client.proxy, port, view: scope, model: mesh };
  const common = {
    client,
    host: service.hostname,
    port,
    outcome: (route: CompiledRoute) =>
      withTouching(traffic, client.proxy, service, withStatus(ruleOutcome(route, asking))),
    places: placesOf(mesh, scope),
  };
  if (isHttp(protocol) || protocol === 'Unsupported') {
    const routes = traffic.meshTable(scope, port)?.forService(service).routes ?? [];
    return {
      ...common,
      protocol: 'http',
      routes: routes.flatMap((route) => byVerdict(route, asking)),
      otherwise: noRoute(`no rule for ${service.hostname} matches`),
    };
  }
  const kind = isTls(protocol) ? 'tls' : 'tcp';
  const listener = scope.listener(port);
  const routes: L4Route[] =
    listener === undefined ? [] : serviceL4Routes(service, listener.virtualServices, kind, port, mesh);
  return {
    ...common,
    protocol: kind,
    routes: [
      ...(kind === 'tls' ? refusals(service.hostname, routes) : []),
      ...l4Literals(routes).flatMap((route) => byVerdict(route, asking)),
    ],
    otherwise: notTaken(
      `no TLS rule of ${service.hostname} applies to this server name`,
      scope.sidecar.outboundTrafficPolicy,
    ),
  };
}

/**
 * Hosts that only VirtualServices name: istiod serves them on port 80 only. It does so for services without that port,
 * too, but these get no requests there and are left out.
 */
function unregisteredEntries(traffic: TrafficModel, client: Client): Entry[] {
  const port = 80;
  const scope = traffic.scope(client.proxy);
  const table = traffic.meshTable(scope, port);
  if (table?.hasHttpListener() !== true) return [];
  const hosts = scope.listener(port)?.virtualServices.flatMap((virtualService) => virtualService.hosts) ?? [];
  return [...new Set(hosts.map((host) => host.toLowerCase()))].sort(compareStrings).flatMap((host): Entry[] => {
    const found = isWildcard(host) ? table.unregistered(host) : table.lookup(host);
    if (found === undefined || found.host !== host || scope.listenedService(host) !== undefined) return [];
    return [hostEntry(traffic, client, found, port)];
  });
}

/** A host that only VirtualServices name. */
export function hostEntry(traffic: TrafficModel, client: Client, { host, routes }: MeshHost, port: number): Entry {
  const scope = traffic.scope(client.proxy);
  const asking = { caller: client.proxy, port, view: scope, model: traffic.mesh };
  return {
    client,
    protocol: 'http',
    host,
    port,
    routes: routes.flatMap((route) => byVerdict(route, asking)),
    otherwise: noRoute(`no rule for host ${host} matches`),
    outcome: (route) => withTouching(traffic, client.proxy, undefined, withStatus(ruleOutcome(route, asking))),
    places: placesOf(traffic.mesh, scope),
  };
}
