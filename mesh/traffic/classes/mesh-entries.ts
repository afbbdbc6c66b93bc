import { compareText } from '../../model/creation-order';
import { isWildcard } from '../../model/host-name';
import type { MeshService } from '../../model/mesh-model';
import { isHttp, isTls } from '../../model/protocol';
import { noRoute, reset } from '../answers';
import { ruleOutcome } from '../rule-outcome';
import type { CompiledRoute } from '../rules/compiled';
import type { L4Route } from '../rules/l4-routes';
import { serviceL4Routes } from '../tables/l4-chains';
import type { MeshHost } from '../tables/mesh-host';
import { refusals } from '../tables/refused-listener';
import type { TrafficModel } from '../traffic-model';
import type { Client } from './clients';
import { withStatus, type Entry } from './entry';
import { l4Literals } from './l4-literals';
import { placesOf } from './places';

/** What the sidecars of a kind of workload decide, entry by entry. */
export function meshEntries(traffic: TrafficModel, client: Client): Entry[] {
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

/** A service's port. */
export function serviceEntry(traffic: TrafficModel, client: Client, service: MeshService, port: number): Entry {
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
    routes: [...(kind === 'tls' ? refusals(service.hostname, routes) : []), ...l4Literals(routes)],
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
    return [hostEntry(traffic, client, found, port)];
  });
}

/** A host that only VirtualServices name. */
export function hostEntry(traffic: TrafficModel, client: Client, { host, routes }: MeshHost, port: number): Entry {
  const scope = traffic.scope(client.proxy);
  return {
    client,
    protocol: 'http',
    host,
    port,
    routes,
    otherwise: noRoute(`no rule for host ${host} matches`),
    outcome: (route) => withStatus(ruleOutcome(route, port, scope, traffic.mesh)),
    places: placesOf(traffic.mesh, scope),
  };
}
