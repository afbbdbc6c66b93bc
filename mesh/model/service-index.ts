import { HostMap } from './host-map';
import { resolveHost } from './host-name';
import type { MeshConfig } from './mesh-config';
import { pushTo } from './object-index';
import type { MeshService } from './services';
import { isVisible } from './visibility';

/** Services by host, and which of them a client sees. */
export class ServiceIndex {
  private readonly byHost = new HostMap<MeshService[]>();
  private readonly byNamespace = new Map<string, MeshService[]>();
  private readonly byPort = new Map<number, MeshService[]>();

  constructor(
    /** In creation order. */
    readonly all: readonly MeshService[],
    private readonly config: MeshConfig,
  ) {
    for (const service of all) {
      pushTo(this.byHost, service.hostname, service);
      pushTo(this.byNamespace, service.namespace, service);
      for (const port of new Set(service.ports.map(({ number }) => number))) pushTo(this.byPort, port, service);
    }
  }

  /** Services of every namespace with exactly this FQDN (or ServiceEntry host), whoever sees them. */
  withHost(fqdn: string): readonly MeshService[] {
    return this.byHost.get(fqdn) ?? [];
  }

  inNamespace(namespace: string): readonly MeshService[] {
    return this.byNamespace.get(namespace) ?? [];
  }

  withPort(port: number): readonly MeshService[] {
    return this.byPort.get(port) ?? [];
  }

  /** All hosts, each once. */
  hosts(): Iterable<string> {
    return this.byHost.keys();
  }

  /**
   * The service that proxies of `fromNamespace` send to for a host of a route or rule that lies in that namespace: a short name is a Service of that namespace;
   * a wildcard ServiceEntry does not answer for a host beneath it (see {@link covering}).
   */
  resolve(host: string, fromNamespace: string): MeshService | undefined {
    return this.seenFrom(resolveHost(host, fromNamespace, this.config.domain), fromNamespace);
  }

  /**
   * The service with this FQDN that proxies of a namespace see. Of several, that of the proxy's own namespace wins, then a Kubernetes Service, then one exported
   * to this very namespace, then the oldest (istio pilot/pkg/model/sidecar.go, selectServices).
   */
  seenFrom(fqdn: string, clientNamespace: string): MeshService | undefined {
    const visible = this.withHost(fqdn).filter((service) => isVisible(service.seenBy, clientNamespace));
    if (visible.length <= 1) return visible[0];
    const rank = (service: MeshService): number =>
      (service.namespace === clientNamespace ? 0 : 4) +
      (service.registry === 'Kubernetes' ? 0 : 2) +
      (service.seenBy === '*' ? 1 : 0);
    return visible.reduce((best, service) => (rank(service) < rank(best) ? service : best));
  }

  /** Whether a service is exported to a namespace. */
  sees(service: MeshService, clientNamespace: string): boolean {
    return isVisible(service.seenBy, clientNamespace);
  }

  /** Like {@link seenFrom}, but a wildcard ServiceEntry answers for the hosts beneath it when no service has the very name. */
  covering(fqdn: string, clientNamespace: string): MeshService | undefined {
    const host = this.byHost.mostSpecific(fqdn);
    return host === undefined ? undefined : this.seenFrom(host, clientNamespace);
  }
}
