import { compareStrings, pushTo } from '../../collections';
import { serverHosts } from '../../model/gateways';
import { hostIntersection } from '../../model/hosts';
import type { MeshGateway, MeshGatewayServer, MeshModel, MeshVirtualService } from '../../model/mesh-model';
import { isHttp, parseProtocol } from '../../model/protocol';
import { hasLabels } from '../../model/workload-index';
import { allHold, type Literal, type Valuation } from '../conditions';
import type { Proxy } from '../request';
import { type CompiledRoute, httpRoutes, isCatchAll } from '../rules/routes';

/** A server together with its Gateway. */
export interface BoundServer {
  gateway: MeshGateway;
  server: MeshGatewayServer;
}

/** The servers on one port and address of a gateway. */
export interface GatewayListener {
  /** The pod's port, on which the proxy listens. */
  port: number;
  bind: string;
  /** Servers of plain HTTP, whose hosts share one table. */
  plainHttp: BoundServer[];
  /** TLS servers, distinguished by SNI, and at most one for plain TCP. */
  chains: BoundServer[];
}

/**
 * The servers of all Gateways that apply to a workload, merged as in istiod: the oldest Gateway wins a port. Plain HTTP
 * servers share a port, TLS servers share one as long as their hosts differ, and all others are left out (istio
 * pilot/pkg/model/gateway.go, mergeGateways).
 */
export function gatewayListeners(model: MeshModel, proxy: Proxy): GatewayListener[] {
  const listeners: GatewayListener[] = [];
  for (const gateway of model.gateways.selecting(proxy.labels)) {
    for (const server of gateway.servers)
      add(listeners, { gateway, server }, listenerPort(model, proxy, server.port.number));
  }
  return listeners;
}

/** The pod port for a Gateway's port: the target port of the gateway's own Service, else the same number. */
export function listenerPort(model: MeshModel, proxy: Proxy, port: number): number {
  for (const service of model.services.inNamespace(proxy.namespace)) {
    if (service.selector === undefined || !hasLabels(proxy.labels, service.selector)) continue;
    const found = service.ports.find(({ number }) => number === port);
    if (found === undefined) continue;
    if (typeof found.targetPort === 'number') return found.targetPort;
    const named = model.workloads
      .behind(service)
      .flatMap((workload) => workload.ports)
      .find(({ name }) => name === found.targetPort);
    if (named !== undefined) return named.number;
  }
  return port;
}

export function isPassthrough({ tls }: MeshGatewayServer): boolean {
  return tls?.['mode'] === 'PASSTHROUGH' || tls?.['mode'] === 'AUTO_PASSTHROUGH';
}

/** HTTPS that the gateway terminates. */
export function isTerminatedHttps(server: MeshGatewayServer): boolean {
  return server.tls !== undefined && parseProtocol(server.port.protocol) === 'HTTPS' && !isPassthrough(server);
}

function isPlainHttp({ port }: MeshGatewayServer): boolean {
  return isHttp(parseProtocol(port.protocol));
}

function add(listeners: GatewayListener[], bound: BoundServer, port: number): void {
  const { server } = bound;
  const samePort = listeners.filter((listener) => listener.port === port);
  const same = samePort.find(({ bind }) => bind === server.bind);
  if (server.tls !== undefined && same !== undefined && hostsTaken(same, server)) return;
  if (same === undefined) {
    listeners.push({
      port,
      bind: server.bind,
      plainHttp: isPlainHttp(server) ? [bound] : [],
      chains: isPlainHttp(server) ? [] : [bound],
    });
    return;
  }
  const plainTcp = same.chains.some((other) => other.server.tls === undefined);
  if (isPlainHttp(server)) {
    if (!plainTcp) same.plainHttp.push(bound);
    return;
  }
  // A plaintext server excludes every other protocol on its port.
  if (same.plainHttp.length > 0 || plainTcp) return;
  same.chains.push(bound);
}

function hostsTaken(listener: GatewayListener, server: MeshGatewayServer): boolean {
  return [...listener.chains, ...listener.plainHttp].some(
    (other) => other.server.tls !== undefined && other.server.hosts.some((host) => server.hosts.includes(host)),
  );
}

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
