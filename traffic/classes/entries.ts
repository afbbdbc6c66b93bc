import { compareText } from '../../model/creation-order';
import { isWildcard } from '../../model/host-name';
import type { MeshService } from '../../model/mesh-model';
import { isHttp, isTls } from '../../model/protocol';
import { noRoute, reset, unknownHost } from '../answers';
import { redirectStatus } from '../rewrite';
import type { Outcome } from '../outcome';
import { ruleOutcome } from '../rule-outcome';
import type { CompiledRoute } from '../rules/compiled';
import type { L4Route } from '../rules/l4-routes';
import { isTerminatedHttps, type GatewayListener } from '../tables/gateway-servers';
import { gatewayTcpRoute, gatewayTlsChains, isTlsRouted, serviceL4Routes } from '../tables/l4-chains';
import { sortedDomains, virtualHostFor } from '../tables/virtual-host';
import type { TrafficModel } from '../traffic-model';
import { clients, type Client } from './clients';
import { entryKey, type Entry } from './entry';
import { l4Literals } from './l4-literals';
import { placesOf } from './places';

/** All that a mesh decides, entry by entry, by {@link entryKey}; in a fixed order. */
export function entries(traffic: TrafficModel): Map<string, Entry> {
  const all = clients(traffic.mesh).flatMap((client) =>
    client.proxy.type === 'gateway' ? gatewayEntries(traffic, client) : meshEntries(traffic, client),
  );
  return new Map(all.map((entry) => [entryKey(entry), entry]));
}

/** What a mesh decides about an entry that another mesh has: its own entry for the very host, or what becomes of the host there. */
export function entryLike(traffic: TrafficModel, own: ReadonlyMap<string, Entry>, other: Entry): Entry {
  const same = own.get(entryKey(other));
  if (same !== undefined) return same;
  const covering =
    other.client.proxy.type === 'gateway'
      ? [...own.values()].filter(
          ({ client, port, protocol }) =>
            client.title === other.client.title && port === other.port && protocol === other.protocol,
        )
      : [];
  const byHost = new Map(covering.map((entry) => [entry.host, { domains: [], routes: [], requiresTls: false, entry }]));
  const found = virtualHostFor(other.host, byHost) as { entry?: Entry } | undefined;
  if (found?.entry !== undefined) return { ...found.entry, host: other.host };
  return { ...other, routes: [], otherwise: absent(traffic, other) };
}

function absent(traffic: TrafficModel, { client, host, protocol }: Entry): Outcome {
  if (client.proxy.type === 'gateway') {
    return protocol === 'http' || protocol === 'https'
      ? noRoute(`no route for host ${host}`)
      : reset(`nothing listens for ${host}`);
  }
  return unknownHost(host, traffic.scope(client.proxy).sidecar.outboundTrafficPolicy, protocol === 'http');
}

function gatewayEntries(traffic: TrafficModel, client: Client): Entry[] {
  return traffic
    .gatewayListeners(client.proxy)
    .flatMap((listener) => [
      ...httpEntries(traffic, client, listener.plainHttp, 'http'),
      ...listener.chains
        .filter(({ server }) => isTerminatedHttps(server))
        .flatMap((bound) => httpEntries(traffic, client, [bound], 'https')),
      ...gatewayL4Entries(traffic, client, listener),
    ]);
}

function httpEntries(
  traffic: TrafficModel,
  client: Client,
  servers: GatewayListener['plainHttp'],
  protocol: 'http' | 'https',
): Entry[] {
  const port = servers[0]?.server.port.number;
  if (port === undefined) return [];
  const table = traffic.gatewayTable(client.proxy, servers);
  const view = traffic.gatewayView(client.proxy);
  const places = placesOf(traffic.mesh, view);
  return sortedDomains(table).map((host): Entry => {
    const virtualHost = table.get(host);
    const toHttps = virtualHost?.requiresTls === true && protocol === 'http';
    return {
      client,
      protocol,
      host,
      port,
      routes: toHttps ? [] : (virtualHost?.routes ?? []),
      otherwise: toHttps
        ? { kind: 'redirect', status: 301, redirect: { scheme: 'https' }, why: 'the server redirects to https' }
        : noRoute(`no rule for host ${host} matches`),
      outcome: (route) => withStatus(ruleOutcome(route, port, view, traffic.mesh)),
      places,
    };
  });
}

function gatewayL4Entries(traffic: TrafficModel, client: Client, { chains }: GatewayListener): Entry[] {
  const { mesh } = traffic;
  const view = traffic.gatewayView(client.proxy);
  const places = placesOf(mesh, view);
  return chains.flatMap((bound): Entry[] => {
    const { server, gateway } = bound;
    if (isTerminatedHttps(server)) return [];
    const port = server.port.number;
    const outcome = (route: CompiledRoute): Outcome => ruleOutcome(route, port, view, mesh);
    if (isTlsRouted(bound)) {
      const routes = l4Literals(gatewayTlsChains(bound, client.proxy, mesh).map(({ take }) => take));
      const otherwise = reset('no TLS rule is for this server name');
      return [{ client, protocol: 'tls', host: server.hosts.join(','), port, routes, otherwise, outcome, places }];
    }
    const route = gatewayTcpRoute(bound, client.proxy, mesh);
    const otherwise = reset(`no TCP rule for port ${port} of Gateway ${gateway.id}`);
    return [
      {
        client,
        protocol: 'tcp',
        host: '*',
        port,
        routes: route === undefined ? [] : [route],
        otherwise,
        outcome,
        places,
      },
    ];
  });
}

function meshEntries(traffic: TrafficModel, client: Client): Entry[] {
  const { mesh } = traffic;
  const scope = traffic.scope(client.proxy);
  const services = [...mesh.services.hosts()].sort(compareText).flatMap((host): Entry[] => {
    const service = scope.listenedService(host);
    return service === undefined || service.resolution === 'Alias'
      ? []
      : service.ports
          .filter(({ protocol }) => protocol !== 'UDP')
          .map(({ number }) => serviceEntry(traffic, client, service, number));
  });
  return [...services, ...unregisteredEntries(traffic, client)];
}

function serviceEntry(traffic: TrafficModel, client: Client, service: MeshService, port: number): Entry {
  const { mesh } = traffic;
  const scope = traffic.scope(client.proxy);
  const protocol = service.ports.find(({ number }) => number === port)?.protocol ?? 'Unsupported';
  const common = {
    client,
    host: service.hostname,
    port,
    outcome: (route: CompiledRoute) => withStatus(ruleOutcome(route, port, scope, mesh)),
    places: placesOf(mesh, scope),
  };
  if (isHttp(protocol) || protocol === 'Unsupported') {
    const routes = traffic.meshTable(scope, port)?.forService(service).routes ?? [];
    return { ...common, protocol: 'http', routes, otherwise: noRoute(`no rule for ${service.hostname} matches`) };
  }
  const kind = isTls(protocol) ? 'tls' : 'tcp';
  const listener = scope.listener(port);
  const routes: L4Route[] =
    listener === undefined ? [] : serviceL4Routes(service, listener.virtualServices, kind, port, mesh);
  return {
    ...common,
    protocol: kind,
    routes: l4Literals(routes),
    otherwise: reset(`no TLS rule of ${service.hostname} is for this server name`),
  };
}

/**
 * Hosts that only VirtualServices name: istiod serves them on port 80 alone. It does so for services without that port, too; nobody asks for those, so they are left
 * out.
 */
function unregisteredEntries(traffic: TrafficModel, client: Client): Entry[] {
  const port = 80;
  const scope = traffic.scope(client.proxy);
  const table = traffic.meshTable(scope, port);
  if (table?.hasHttpListener() !== true) return [];
  const hosts = scope.listener(port)?.virtualServices.flatMap((virtualService) => virtualService.hosts) ?? [];
  return [...new Set(hosts.map((host) => host.toLowerCase()))].sort(compareText).flatMap((host): Entry[] => {
    const found = isWildcard(host) ? table.unregistered(host) : table.lookup(host);
    if (found === undefined || found.host !== host || scope.listenedService(host) !== undefined) return [];
    return [
      {
        client,
        protocol: 'http',
        host,
        port,
        routes: found.routes,
        otherwise: noRoute(`no rule for host ${host} matches`),
        outcome: (route) => withStatus(ruleOutcome(route, port, scope, traffic.mesh)),
        places: placesOf(traffic.mesh, scope),
      },
    ];
  });
}

function withStatus(outcome: Outcome): Outcome {
  return outcome.redirect === undefined ? outcome : { ...outcome, status: redirectStatus(outcome.redirect) };
}
