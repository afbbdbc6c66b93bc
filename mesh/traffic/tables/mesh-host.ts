import type { MeshModel, MeshService, MeshVirtualService } from '../../model/mesh-model';
import { hostsOverlap, isWildcard, serviceFqdn } from '../../model/hosts';
import { isHttp } from '../../model/protocol';
import { defaultAction } from '../rules/action';
import { type CompiledRoute, httpRoutes } from '../rules/routes';
import { isSource, wildcardsOver } from './gateway-table';
import type { ScopeListener } from './mesh-scope';
import { inSubnets, isAddress } from '../conditions';

/** An entry in a sidecar's table: a service, or a host that only VirtualServices name. */
export interface MeshHost {
  /** FQDN, or the VirtualService's host. */
  host: string;
  service: MeshService | undefined;
  /** Routes for all clients of the scope, in order. If no route applies to a client, the host is not in its table. */
  routes: CompiledRoute[];
}

/** Looks up Host headers in the table of a sidecar's port, for clients of one namespace. */
export class MeshTable {
  constructor(
    private readonly model: MeshModel,
    private readonly namespace: string,
    private readonly listener: ScopeListener,
    private readonly port: number,
  ) {}

  /** The entry for a host in lower case without port (istio pilot/pkg/networking/core/httproute.go, generateVirtualHostDomains). */
  lookup(authority: string): MeshHost | undefined {
    const host = authority.replace(/\.$/, '');
    const addressed = this.addressed(host);
    if (addressed !== undefined) return this.httpService(addressed.hostname) && this.forService(addressed);
    return this.exact(host) ?? this.short(host) ?? this.alias(host) ?? this.wildcard(host);
  }

  /** The table entry of a service, for any Host header. Ports with protocol detection use it. */
  forService(service: MeshService): MeshHost {
    const onPort = (route: CompiledRoute): boolean => route.port === undefined || route.port === this.port;
    const own = this.listener
      .forService(service.hostname)
      .map((virtualService) => httpRoutes(virtualService, 'mesh', this.model.config).filter(onPort));
    const fallback: CompiledRoute = {
      when: [],
      unless: [],
      port: undefined,
      action: defaultAction(
        { host: service.hostname, port: this.port },
        this.model.config.raw['defaultHttpRetryPolicy'],
      ),
      rule: undefined,
      namespace: service.namespace,
    };
    return { host: service.hostname, service, routes: firstForClient([...own, [fallback]]) };
  }

  /** The service that a client's name for it resolves to, for any protocol. */
  dialled(host: string): MeshService | undefined {
    const name = host.replace(/\.$/, '');
    for (const candidate of [name, this.fqdn(name)]) {
      const service = candidate === undefined ? undefined : this.listener.service(candidate);
      if (service?.externalName !== undefined) return this.listener.service(service.externalName);
      if (service !== undefined) return service;
    }
    const addressed = this.addressed(name);
    if (addressed !== undefined) return addressed;
    for (const pattern of wildcardsOver(name)) {
      const service = this.listener.service(pattern) ?? this.headless(pattern);
      if (service !== undefined) return service;
    }
    return undefined;
  }

  /** The service with an address: a ClusterIP, or an address of a ServiceEntry. */
  private addressed(host: string): MeshService | undefined {
    const address = host.replace(/^\[(.*)\]$/, '$1');
    if (!isAddress(address)) return undefined;
    return this.model.services
      .withPort(this.port)
      .filter(({ addresses }) => addresses.length > 0 && inSubnets(address, addresses))
      .flatMap(({ hostname }) => this.listener.service(hostname) ?? [])[0];
  }

  /** Whether some service makes the proxy listen for HTTP on this port, at any address. */
  hasHttpListener(): boolean {
    return this.listener.hasHttpPort(this.port);
  }

  private exact(host: string): MeshHost | undefined {
    const service = this.httpService(host);
    return service === undefined ? this.unregistered(host) : this.forService(service);
  }

  /** `reviews`, `reviews.bookinfo`, `reviews.bookinfo.svc` for a Kubernetes Service. */
  private short(host: string): MeshHost | undefined {
    const fqdn = this.fqdn(host);
    const service = fqdn === undefined ? undefined : this.httpService(fqdn);
    return service === undefined ? undefined : this.forService(service);
  }

  /** An ExternalName Service uses the routes of the service that it names. */
  private alias(host: string): MeshHost | undefined {
    for (const name of [host, this.fqdn(host)]) {
      const target = name === undefined ? undefined : this.listener.service(name)?.externalName;
      const service = target === undefined ? undefined : this.httpService(target);
      if (service !== undefined) return this.forService(service);
    }
    return undefined;
  }

  private wildcard(host: string): MeshHost | undefined {
    for (const pattern of [...wildcardsOver(host), '*']) {
      const headless = this.headless(pattern);
      const service = this.httpService(pattern) ?? (headless && this.httpService(headless.hostname));
      if (service !== undefined) return this.forService(service);
      const named = this.unregistered(pattern);
      if (named !== undefined) return named;
    }
    return undefined;
  }

  /** Names of the pods of a headless Service. */
  private headless(pattern: string): MeshService | undefined {
    if (!pattern.startsWith('*.')) return undefined;
    const name = pattern.slice(2);
    const service = this.listener.service(name) ?? this.listener.service(this.fqdn(name) ?? '');
    return service?.registry === 'Kubernetes' && service.resolution === 'None' ? service : undefined;
  }

  /** A service whose port of this number is HTTP, or has protocol detection. */
  private httpService(host: string): MeshService | undefined {
    const service = this.listener.service(host);
    if (service === undefined || service.resolution === 'Alias') return undefined;
    const port = service.ports.find(({ number }) => number === this.port);
    return port !== undefined && (isHttp(port.protocol) || port.protocol === 'Unsupported') ? service : undefined;
  }

  /** A host (or wildcard) that only VirtualServices name is served on port 80, and where one of them also holds for a service with this port. */
  unregistered(host: string): MeshHost | undefined {
    if (isWildcard(host) && this.coversService(host)) return undefined;
    const bound = this.listener
      .withHost(host)
      .filter((virtualService) => this.port === 80 || this.servesRegistered(virtualService))
      .map((virtualService) =>
        httpRoutes(virtualService, 'mesh', this.model.config).filter(
          (route) => route.port === undefined || route.port === this.port,
        ),
      );
    const routes = firstForClient(bound);
    return routes.length === 0 ? undefined : { host, service: undefined, routes };
  }

  private servesRegistered({ hosts }: MeshVirtualService): boolean {
    return hosts.some((host) => !isWildcard(host) && this.httpService(host.toLowerCase()) !== undefined);
  }

  /** A wildcard of a service on this port is not a separate host. */
  private coversService(pattern: string): boolean {
    for (const host of this.model.services.hosts()) {
      if (
        hostsOverlap(host, pattern) &&
        this.listener.service(host)?.ports.some(({ number }) => number === this.port) === true
      ) {
        return true;
      }
    }
    return false;
  }

  private fqdn(host: string): string | undefined {
    return serviceFqdn(host, this.namespace, this.model.config.domain);
  }
}

/**
 * Merges several lists of routes. A client uses only the first list that has a route for it, so each route of a later
 * list gets exceptions for the clients that earlier lists take.
 */
function firstForClient(lists: readonly (readonly CompiledRoute[])[]): CompiledRoute[] {
  const routes: CompiledRoute[] = [];
  const taken: CompiledRoute['unless'] = [];
  for (const list of lists) {
    if (taken.some((conditions) => conditions.length === 0)) break;
    const exceptions = [...taken];
    routes.push(...list.map((route) => ({ ...route, unless: exceptions })));
    taken.push(...list.map(({ when }) => when.filter(isSource)));
  }
  return routes;
}
