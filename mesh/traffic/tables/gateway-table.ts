import type { MeshModel, MeshVirtualService } from '../../model/mesh-model';
import { compareStrings, pushTo } from '../../collections';
import { serverHosts } from '../../model/gateways';
import { hostIntersection } from '../../model/hosts';
import { allHold, type Literal, type Valuation } from '../matching/literal';
import type { Proxy } from '../request';
import { type CompiledRoute, httpRoutes, isCatchAll } from '../rules/routes';
import type { BoundServer } from './gateway-servers';

/**
 * Looks up a host in a table keyed by hosts, as Envoy does: the exact name, else the longest wildcard, which must match
 * at least one character, else `*`.
 */
export function mostSpecific<T>(host: string, find: (domain: string) => T | undefined): T | undefined {
  for (const domain of [host, ...wildcardsOver(host), '*']) {
    const found = find(domain);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `*.b.c`, `*b.c` …: the wildcards that match a host, the longest first, without `*`. */
export function* wildcardsOver(host: string): Generator<string> {
  for (let start = 1; start < host.length; start++) yield `*${host.slice(start)}`;
}

/** One entry of a gateway's routing table: the routes for a host. */
export interface VirtualHost {
  /** Name or wildcard, in lower case. */
  domain: string;
  /** The first route that matches takes the request; without one it gets 404. */
  routes: readonly CompiledRoute[];
  /** Whether plain HTTP requests are redirected to https. */
  requiresTls: boolean;
}

interface Source {
  virtualService: MeshVirtualService;
  gateway: string;
  port: number;
  requiresTls: boolean;
}

/**
 * The HTTP routing table that some servers of a gateway share: VirtualServices of one host are merged in order, and
 * routes without conditions go last (istio pilot/pkg/networking/core/gateway.go, buildGatewayHTTPRouteConfig). The
 * routes of a host are built on first use.
 */
export class GatewayTable {
  private readonly sources = new Map<string, Source[]>();
  private readonly redirected = new Set<string>();
  private readonly known = new Map<string, VirtualHost | undefined>();

  constructor(
    private readonly model: MeshModel,
    private readonly proxy: Proxy,
    servers: readonly BoundServer[],
  ) {
    for (const bound of servers) this.add(bound);
  }

  /** The entry that takes requests for a host. */
  lookup(host: string): VirtualHost | undefined {
    return mostSpecific(host, (domain) => this.entry(domain));
  }

  /** The hosts that the table has entries for, in a fixed order. */
  domains(): string[] {
    return [...new Set([...this.sources.keys(), ...this.redirected])]
      .filter((domain) => this.entry(domain) !== undefined)
      .sort(compareStrings);
  }

  /** The entry of exactly this host or wildcard, which must be in lower case. */
  entry(domain: string): VirtualHost | undefined {
    if (!this.known.has(domain)) this.known.set(domain, this.made(domain));
    return this.known.get(domain);
  }

  private add({ gateway, server }: BoundServer): void {
    const requiresTls = server.tls?.['httpsRedirect'] === true;
    for (const virtualService of this.model.virtualServices.onGateway(gateway.id, this.proxy.namespace)) {
      const bound = serverHosts(server, gateway.namespace, virtualService.namespace);
      for (const host of hostIntersection(bound, virtualService.hosts)) {
        const source = { virtualService, gateway: gateway.id, port: server.port.number, requiresTls };
        pushTo(this.sources, host.toLowerCase(), source);
      }
    }
    if (requiresTls) for (const host of server.hosts) this.redirected.add(host.toLowerCase());
  }

  /**
   * A host whose VirtualServices have no route for this gateway is not in the table; then a wildcard may take its
   * requests.
   */
  private made(domain: string): VirtualHost | undefined {
    const sources = (this.sources.get(domain) ?? [])
      .map((source) => ({ ...source, routes: this.routes(source) }))
      .filter((source) => source.routes.length > 0);
    const requiresTls = this.redirected.has(domain) || sources.some((source) => source.requiresTls);
    if (sources.length === 0 && !requiresTls) return undefined;
    const routes = sources.flatMap((source) => source.routes);
    return {
      domain,
      routes: [...routes.filter((route) => !isCatchAll(route)), ...routes.filter(isCatchAll)],
      requiresTls,
    };
  }

  /** Routes for this gateway and port, up to the first without conditions. */
  private routes({ virtualService, gateway, port }: Source): CompiledRoute[] {
    const client = clientValuation(this.proxy);
    const routes = httpRoutes(virtualService, gateway, this.model.config)
      .filter((route) => route.port === undefined || route.port === port)
      .filter(({ when }) => allHold(when.filter(isSource), client))
      .map((route) => ({ ...route, when: route.when.filter((literal) => !isSource(literal)) }));
    const end = routes.findIndex(isCatchAll);
    return end < 0 ? routes : routes.slice(0, end + 1);
  }
}

/** Whether a condition is on the client, which istiod evaluates when it builds the table. */
export function isSource({ variable }: Literal): boolean {
  return variable.startsWith('source ');
}

export function clientValuation(proxy: Pick<Proxy, 'labels' | 'namespace'>): Valuation {
  return (variable) =>
    variable === 'source namespace' ? proxy.namespace : proxy.labels[variable.slice('source label '.length)];
}
