import { noRoute, reset } from '../answers';
import type { Outcome } from '../outcome';
import { ruleOutcome } from '../rule-outcome';
import type { CompiledRoute } from '../rules/compiled';
import { isTerminatedHttps, type GatewayListener } from '../tables/gateway-servers';
import { gatewayTcpRoute, gatewayTlsChains, isTlsRouted } from '../tables/l4-chains';
import { sortedDomains } from '../tables/virtual-host';
import type { TrafficModel } from '../traffic-model';
import type { Client } from './clients';
import { withStatus, type Entry } from './entry';
import { l4Literals } from './l4-literals';
import { placesOf } from './places';

/** What a gateway decides, entry by entry. */
export function gatewayEntries(traffic: TrafficModel, client: Client): Entry[] {
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
