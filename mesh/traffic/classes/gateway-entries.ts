import { noRoute, type Outcome, reset } from '../outcome';
import { ruleOutcome } from '../rule-outcome';
import type { CompiledRoute } from '../rules/routes';
import { type BoundServer, type GatewayListener, isTerminatedHttps } from '../tables/gateway-table';
import { gatewayTcpRoute, gatewayTlsChains, isTlsRouted } from '../tables/l4-chains';
import type { TrafficModel } from '../traffic-model';
import type { Client } from './clients';
import { type Entry, withStatus } from './classes';
import { l4Literals } from './mesh-entries';
import { placesOf } from '../endpoints';
import { behindPolicies, withVerdict } from '../policy-routes';
import { touchingGateway } from '../entrances';
import { gatewaySteps, withTouching } from '../unknowns';
import { byVerdict } from '../verdicts';

/** The entries of a gateway. */
export function gatewayEntries(traffic: TrafficModel, client: Client): Entry[] {
  return traffic.gatewayListeners(client.proxy).flatMap((listener) => [
    ...httpTables(listener).flatMap(({ protocol, servers }) => {
      const table = traffic.gatewayTable(client.proxy, servers);
      return table.domains().flatMap((domain) => hostEntry(traffic, client, { protocol, servers }, domain) ?? []);
    }),
    ...gatewayL4Entries(traffic, client, listener),
  ]);
}

/** The entry of a gateway for a host; undefined if it does not serve the host. */
export function gatewayHttpEntry(
  traffic: TrafficModel,
  client: Client,
  { protocol, port, host }: { protocol: 'http' | 'https'; port: number; host: string },
): Entry | undefined {
  for (const listener of traffic.gatewayListeners(client.proxy)) {
    for (const served of httpTables(listener)) {
      if (served.protocol !== protocol || served.servers[0]?.server.port.number !== port) continue;
      const found = traffic.gatewayTable(client.proxy, served.servers).lookup(host);
      if (found !== undefined) return hostEntry(traffic, client, served, found.domain);
    }
  }
  return undefined;
}

/** Servers that share a routing table: those of plain HTTP on one port, and each of HTTPS. */
interface HttpTable {
  protocol: 'http' | 'https';
  servers: readonly BoundServer[];
}

function httpTables({ plainHttp, chains }: GatewayListener): HttpTable[] {
  const secure = chains.filter(({ server }) => isTerminatedHttps(server));
  return [
    ...(plainHttp.length === 0 ? [] : [{ protocol: 'http' as const, servers: plainHttp }]),
    ...secure.map((bound): HttpTable => ({ protocol: 'https', servers: [bound] })),
  ];
}

function hostEntry(
  traffic: TrafficModel,
  client: Client,
  { protocol, servers }: HttpTable,
  host: string,
): Entry | undefined {
  const virtualHost = traffic.gatewayTable(client.proxy, servers).entry(host);
  const port = servers[0]?.server.port.number;
  if (virtualHost === undefined || port === undefined) return undefined;
  const view = traffic.gatewayView(client.proxy);
  const toHttps = virtualHost.requiresTls && protocol === 'http';
  const asking = { caller: client.proxy, port, view, model: traffic.mesh };
  const { proxy } = client;
  const more = touchingGateway(traffic.mesh, proxy, host);
  const otherwise: Outcome = toHttps
    ? { kind: 'redirect', status: 301, redirect: { scheme: 'https' }, why: 'the server redirects to https' }
    : noRoute(`no rule for host ${host} matches`);
  const routes = (toHttps ? [] : virtualHost.routes).flatMap((route) => byVerdict(route, asking));
  return {
    client,
    protocol,
    host,
    port,
    routes: behindPolicies(routes, otherwise, gatewaySteps(traffic, proxy, port, true)),
    otherwise: withTouching(traffic, proxy, undefined, otherwise, more),
    outcome: (route) =>
      withTouching(traffic, proxy, undefined, withVerdict(withStatus(ruleOutcome(route, asking)), route), more),
    places: placesOf(traffic.mesh, view),
  };
}

function gatewayL4Entries(traffic: TrafficModel, client: Client, { chains }: GatewayListener): Entry[] {
  const { mesh } = traffic;
  const view = traffic.gatewayView(client.proxy);
  const places = placesOf(mesh, view);
  return chains.flatMap((bound): Entry[] => {
    const { server, gateway } = bound;
    if (isTerminatedHttps(server)) return [];
    const port = server.port.number;
    const asking = { caller: client.proxy, port, view, model: mesh };
    const steps = gatewaySteps(traffic, client.proxy, port, false);
    const checked = (routes: readonly CompiledRoute[], otherwise: Outcome): CompiledRoute[] =>
      behindPolicies(
        routes.flatMap((route) => byVerdict(route, asking)),
        otherwise,
        steps,
      );
    const outcome = (route: CompiledRoute): Outcome =>
      withTouching(traffic, client.proxy, undefined, withVerdict(ruleOutcome(route, asking), route));
    if (isTlsRouted(bound)) {
      const otherwise = reset('no TLS rule applies to this server name');
      const named = l4Literals(gatewayTlsChains(bound, client.proxy, mesh).map(({ take }) => take));
      const routes = checked(named, otherwise);
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
        routes: checked(route === undefined ? [] : [route], otherwise),
        otherwise,
        outcome,
        places,
      },
    ];
  });
}
