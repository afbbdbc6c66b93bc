import type { MeshModel, MeshVirtualService } from '../../model/mesh-model';
import { serverHosts } from '../../model/gateways';
import { hostIntersection } from '../../model/host-name';
import { allHold, type Literal, type Valuation } from '../matching/literal';
import type { Proxy } from '../proxy';
import { isCatchAll, type CompiledRoute } from '../rules/compiled';
import { httpRoutes } from '../rules/http-routes';
import type { BoundServer } from './gateway-servers';
import type { VirtualHost } from './virtual-host';

/**
 * The HTTP routing table that some servers of a gateway share: VirtualServices of one host are merged in order, and routes without conditions go last (istio
 * pilot/pkg/networking/core/gateway.go, buildGatewayHTTPRouteConfig).
 */
export function gatewayTable(
  model: MeshModel,
  proxy: Proxy,
  servers: readonly BoundServer[],
): Map<string, VirtualHost> {
  const byDomain = new Map<string, VirtualHost>();
  const routesOf = new Map<string, CompiledRoute[]>();
  for (const { gateway, server } of servers) {
    const requiresTls = server.tls?.['httpsRedirect'] === true;
    for (const virtualService of model.virtualServices.onGateway(gateway.id, proxy.namespace)) {
      const hosts = hostIntersection(
        serverHosts(server, gateway.namespace, virtualService.namespace),
        virtualService.hosts,
      );
      if (hosts.length === 0) continue;
      const key = `${gateway.id}|${virtualService.namespace}/${virtualService.name}`;
      const routes = routesOf.get(key) ?? gatewayRoutes(virtualService, gateway.id, server.port.number, proxy, model);
      routesOf.set(key, routes);
      if (routes.length === 0) continue;
      for (const host of hosts) addRoutes(byDomain, host.toLowerCase(), routes, requiresTls);
    }
    if (requiresTls) for (const host of server.hosts) addRoutes(byDomain, host.toLowerCase(), [], true);
  }
  for (const virtualHost of byDomain.values()) {
    virtualHost.routes = [
      ...virtualHost.routes.filter((route) => !isCatchAll(route)),
      ...virtualHost.routes.filter(isCatchAll),
    ];
  }
  return byDomain;
}

function addRoutes(
  byDomain: Map<string, VirtualHost>,
  domain: string,
  routes: readonly CompiledRoute[],
  requiresTls: boolean,
): void {
  const present = byDomain.get(domain);
  if (present === undefined) {
    byDomain.set(domain, { domains: [domain], routes: [...routes], requiresTls });
    return;
  }
  present.routes.push(...routes);
  present.requiresTls ||= requiresTls;
}

/** Routes that hold for this gateway and port, up to the first without conditions. */
function gatewayRoutes(
  virtualService: MeshVirtualService,
  gateway: string,
  port: number,
  proxy: Proxy,
  model: MeshModel,
): CompiledRoute[] {
  const client = clientValuation(proxy);
  const routes = httpRoutes(virtualService, gateway, model.config)
    .filter((route) => route.port === undefined || route.port === port)
    .filter(({ when }) => allHold(when.filter(isSource), client))
    .map((route) => ({ ...route, when: route.when.filter((literal) => !isSource(literal)) }));
  const end = routes.findIndex(isCatchAll);
  return end < 0 ? routes : routes.slice(0, end + 1);
}

/** Whether a condition is one on the client, which istiod decides when it makes the table. */
export function isSource({ variable }: Literal): boolean {
  return variable.startsWith('source ');
}

export function clientValuation(proxy: Pick<Proxy, 'labels' | 'namespace'>): Valuation {
  return (variable) =>
    variable === 'source namespace' ? proxy.namespace : proxy.labels[variable.slice('source label '.length)];
}
