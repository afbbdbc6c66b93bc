import type { MeshModel } from '../model/mesh-model';
import type { Proxy } from './proxy';
import type { ProxyView } from './proxy-view';
import { gatewayListeners, type BoundServer, type GatewayListener } from './tables/gateway-servers';
import { GatewayTable } from './tables/gateway-table';
import { MeshTable } from './tables/mesh-host';
import { MeshScope } from './tables/mesh-scope';

/** Routing tables of one mesh, made when first asked for and kept. */
export class TrafficModel {
  private readonly scopes = new Map<string, MeshScope>();
  private readonly tables = new Map<string, GatewayTable>();
  private readonly listeners = new Map<string, GatewayListener[]>();

  constructor(readonly mesh: MeshModel) {}

  /** What a sidecar knows. */
  scope({ namespace, labels }: Pick<Proxy, 'namespace' | 'labels'>): MeshScope {
    const sidecar = this.mesh.sidecars.scope(namespace, labels);
    const selects = this.mesh.destinationRules.selectsWorkloads ? JSON.stringify(sorted(labels)) : '';
    const key = `${namespace}|${sidecar.source?.namespace ?? ''}/${sidecar.source?.name ?? ''}|${selects}`;
    const known = this.scopes.get(key);
    if (known !== undefined) return known;
    const scope = new MeshScope(this.mesh, namespace, labels, sidecar);
    this.scopes.set(key, scope);
    return scope;
  }

  /** The HTTP table of a sidecar's port; undefined when its Sidecar leaves no listener for the port. */
  meshTable(scope: MeshScope, port: number): MeshTable | undefined {
    const listener = scope.listener(port);
    return listener === undefined ? undefined : new MeshTable(this.mesh, scope.namespace, listener, port);
  }

  gatewayListeners(proxy: Proxy): GatewayListener[] {
    const key = proxyKey(proxy);
    const known = this.listeners.get(key) ?? gatewayListeners(this.mesh, proxy);
    this.listeners.set(key, known);
    return known;
  }

  gatewayTable(proxy: Proxy, servers: readonly BoundServer[]): GatewayTable {
    const key = `${proxyKey(proxy)}|${servers.map(({ gateway, server }) => `${gateway.id} ${server.path}`).join(',')}`;
    const known = this.tables.get(key) ?? new GatewayTable(this.mesh, proxy, servers);
    this.tables.set(key, known);
    return known;
  }

  gatewayView({ namespace, labels }: Proxy): ProxyView {
    const { services } = this.mesh;
    return {
      namespace,
      labels,
      service: (host) => services.seenFrom(host, namespace),
      // The rule's own namespace comes first at gateways (gateway.go, buildNameToServiceMapForHTTPRoutes).
      portService: (host, ruleNamespace) =>
        services
          .withHost(host)
          .find((service) => service.namespace === ruleNamespace && services.sees(service, namespace)) ??
        services.seenFrom(host, namespace),
    };
  }
}

function proxyKey({ type, namespace, labels }: Proxy): string {
  return `${type}|${namespace}|${JSON.stringify(sorted(labels))}`;
}

function sorted(labels: Record<string, string>): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}
