import type { MeshModel, MeshService, MeshVirtualService, SidecarScope } from '../../model/mesh-model';
import { HostMap } from '../../model/hosts';
import { pushTo } from '../../collections';
import { isHttp } from '../../model/protocol';
import { type EgressListener, importsService, importsVirtualService } from '../../model/sidecars';
import { isVisible } from '../../model/mesh-config';
import { asList, asMap, asString, isMap } from '../../json';
import type { ProxyView } from '../endpoints';

/** What the sidecars of a namespace with one Sidecar (or none) know: istiod's SidecarScope. Workload labels matter only for the DestinationRules of some. */
export class MeshScope implements ProxyView {
  readonly proxy = 'sidecar';
  private readonly listeners: ScopeListener[];

  constructor(
    readonly model: MeshModel,
    readonly namespace: string,
    readonly labels: Record<string, string>,
    readonly sidecar: SidecarScope,
  ) {
    this.listeners = sidecar.listeners.map((listener) => new ScopeListener(model, namespace, listener));
  }

  /** The listener for requests on a port: the Sidecar's listener for that port, else its catch-all. */
  listener(port: number): ScopeListener | undefined {
    return this.listeners.find(({ egress }) => egress.port === undefined || egress.port === port);
  }

  /** The service of a host that some listener imports, so that clients can call it. */
  listenedService(host: string): MeshService | undefined {
    for (const listener of this.listeners) {
      const service = listener.service(host);
      if (service !== undefined) return service;
    }
    return undefined;
  }

  service(host: string): MeshService | undefined {
    const imported = this.listenedService(host);
    if (imported !== undefined) return imported;
    return this.listeners.some((listener) => listener.sendsTo(host))
      ? this.model.services.seenFrom(host, this.namespace)
      : undefined;
  }

  /** Destinations are looked up among services with the listener's port, so a missing port always means that port. */
  portService(host: string, _ruleNamespace: string, listenerPort: number): MeshService | undefined {
    const service = this.listener(listenerPort)?.service(host);
    const port = service?.ports.find(({ number }) => number === listenerPort);
    return service === undefined || port === undefined ? undefined : { ...service, ports: [port] };
  }
}

/** One egress listener: the services and VirtualServices that it imports, and the VirtualService of each host. */
export class ScopeListener {
  readonly virtualServices: readonly MeshVirtualService[];
  /** VirtualServices by exact host, oldest first. */
  private readonly byHost = new Map<string, MeshVirtualService[]>();
  /** The first VirtualService of every host, wildcards included. */
  private readonly firstByHost = new HostMap<MeshVirtualService>();
  /** Hosts that rules send requests to; collected on first use, because few lookups need them. */
  private destinations: ReadonlySet<string> | undefined;

  constructor(
    private readonly model: MeshModel,
    private readonly namespace: string,
    readonly egress: EgressListener,
  ) {
    this.virtualServices = model.virtualServices
      .onGateway('mesh', namespace)
      .filter((virtualService) => importsVirtualService(egress, virtualService));
    for (const virtualService of this.virtualServices) this.index(virtualService);
  }

  /** The imported service of an FQDN (or ServiceEntry wildcard). */
  service(host: string): MeshService | undefined {
    const visible = this.model.services
      .withHost(host)
      .filter((service) => isVisible(service.seenBy, this.namespace) && importsService(this.egress, service));
    const first = visible[0];
    if (visible.length <= 1) return first;
    return visible.find((service) => service === this.model.services.seenFrom(host, this.namespace)) ?? first;
  }

  /**
   * VirtualServices that may route a service's requests, in istiod's order: those with exactly its host, or else the
   * most specific wildcard.
   */
  forService(host: string): MeshVirtualService[] {
    const exact = this.byHost.get(host);
    if (exact !== undefined) return exact;
    const specific = this.firstByHost.mostSpecific(host);
    const wildcard = specific === undefined ? undefined : this.firstByHost.get(specific);
    return wildcard === undefined ? [] : [wildcard];
  }

  /** VirtualServices with exactly this host or wildcard. */
  withHost(host: string): readonly MeshVirtualService[] {
    return this.byHost.get(host) ?? [];
  }

  /** Whether an imported service has an HTTP port of this number. */
  hasHttpPort(port: number): boolean {
    return this.model.services
      .withPort(port)
      .some(
        (service) =>
          service.ports.some(({ number, protocol }) => number === port && isHttp(protocol)) &&
          isVisible(service.seenBy, this.namespace) &&
          importsService(this.egress, service),
      );
  }

  sendsTo(host: string): boolean {
    this.destinations ??= new Set(this.virtualServices.flatMap((one) => destinationHosts(one, this.model)));
    return this.destinations.has(host);
  }

  private index(virtualService: MeshVirtualService): void {
    for (const host of new Set(virtualService.hosts.map((name) => name.toLowerCase()))) {
      pushTo(this.byHost, host, virtualService);
      if (!this.firstByHost.has(host)) this.firstByHost.set(host, virtualService);
    }
  }
}

function destinationHosts({ http, tls, tcp }: MeshVirtualService, model: MeshModel): string[] {
  return [...http, ...tls, ...tcp].flatMap(({ route, namespace }) => {
    const routed = asList(route['route']).map((entry) => asMap(entry)['destination']);
    const mirrored = [route['mirror'], ...asList(route['mirrors']).map((entry) => asMap(entry)['destination'])];
    return [...routed, ...mirrored]
      .filter(isMap)
      .map((destination) => model.resolveHost(asString(destination['host']) ?? '', namespace));
  });
}
