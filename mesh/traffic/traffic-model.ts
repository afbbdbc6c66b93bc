import type { KubernetesObject } from '../manifests/kubernetes';
import { servicePlace } from '../model/externals';
import { serviceFqdn } from '../model/hosts';
import { meshModel, MeshModel, type MeshOptions, type MeshService } from '../model/mesh-model';
import { assumptions, standInsFor, together, type Assumption } from './assumed';
import type { Proxy, Request } from './request';
import type { ProxyView } from './endpoints';
import { type BoundServer, type GatewayListener, gatewayListeners, GatewayTable } from './tables/gateway-table';
import { MeshTable } from './tables/mesh-host';
import { MeshScope } from './tables/mesh-scope';

/** Routing tables of one mesh, each built on first use. */
export class TrafficModel {
  private readonly scopes = new Map<string, MeshScope>();
  private readonly tables = new Map<string, GatewayTable>();
  private readonly listeners = new Map<string, GatewayListener[]>();
  private readonly views = new Map<string, ProxyView>();

  constructor(readonly mesh: MeshModel) {}

  /** The scope of a sidecar. */
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

  /** The service that a sidecar's client dials by a name or an address. */
  dialled(proxy: Proxy, host: string, port: number): MeshService | undefined {
    const name = host.toLowerCase();
    return this.meshTable(this.scope(proxy), port)?.dialled(name);
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

  gatewayView(proxy: Proxy): ProxyView {
    const key = proxyKey(proxy);
    const known = this.views.get(key) ?? this.madeGatewayView(proxy);
    this.views.set(key, known);
    return known;
  }

  /** The view of a client without a proxy: Services, by their DNS names. */
  plainView({ namespace }: Pick<Proxy, 'namespace'>): ProxyView {
    const known = this.views.get(`none|${namespace}`);
    if (known !== undefined) return known;
    const service = (host: string): MeshService | undefined =>
      this.mesh.services.withHost(host).find(({ registry }) => registry === 'Kubernetes');
    const view: ProxyView = { proxy: 'none', namespace, labels: {}, service, portService: service };
    this.views.set(`none|${namespace}`, view);
    return view;
  }

  /** The view of any client. */
  view(proxy: Proxy): ProxyView {
    if (proxy.type === 'none') return this.plainView(proxy);
    return proxy.type === 'gateway' ? this.gatewayView(proxy) : this.scope(proxy);
  }

  private madeGatewayView({ namespace, labels }: Proxy): ProxyView {
    const { services } = this.mesh;
    return {
      proxy: 'gateway',
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

/**
 * The routing model of a set of objects. `asked` are requests whose host may be known only from rules; the model then
 * gets a stand-in with their port.
 */
export function trafficModel(
  objects: readonly KubernetesObject[],
  options?: MeshOptions,
  ...asked: Pick<Request, 'host' | 'port' | 'protocol'>[]
): TrafficModel {
  const mesh = meshModel(objects, options);
  return modelWith(mesh, objects, options, together([assumptions(mesh), ...asked.map((one) => assumedOf(mesh, one))]));
}

/** The routing model of a mesh that was built from these objects and options. */
export function trafficModelOf(mesh: MeshModel, options?: MeshOptions): TrafficModel {
  const objects = mesh.objects.all.map(({ object }) => object);
  return modelWith(mesh, objects, options, assumptions(mesh));
}

/** The models of both sides of a change; a name that only one side has is a stand-in on both. */
export function trafficModels(
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  options: { before?: MeshOptions; after?: MeshOptions } = {},
): { before: TrafficModel; after: TrafficModel } {
  const [old, next] = [meshModel(before, options.before), meshModel(after, options.after)];
  const assumed = together([assumptions(old), assumptions(next)]);
  return {
    before: modelWith(old, before, options.before, assumed),
    after: modelWith(next, after, options.after, assumed),
  };
}

function modelWith(
  mesh: MeshModel,
  objects: readonly KubernetesObject[],
  options: MeshOptions | undefined,
  assumed: readonly Assumption[],
): TrafficModel {
  const added = standInsFor(mesh, assumed);
  return new TrafficModel(added.length === 0 ? mesh : new MeshModel([...objects, ...added], options));
}

/** The Service of a request whose namespace is not described in the input. */
function assumedOf(mesh: MeshModel, asked: Pick<Request, 'host' | 'port' | 'protocol'>): Assumption[] {
  if (asked.host === 'localhost') return [];
  const { host, port, protocol = 'http' } = asked;
  const names = mesh.namespaces.has(host.split('.')[1] ?? '') || host.includes('.svc') ? [host] : [];
  const isKnown = mesh.services.all.some(({ name }) => name === host);
  const inAny =
    host.includes('.') || isKnown ? names : [...mesh.namespaces.keys()].map((namespace) => `${host}.${namespace}`);
  const kind = { http: 'HTTP', https: 'TLS', tls: 'TLS', tcp: 'TCP' } as const;
  return inAny.flatMap((name) => {
    const fqdn = serviceFqdn(name, '', mesh.config.domain) ?? name;
    return servicePlace(fqdn, mesh.config.domain) === undefined
      ? []
      : [{ kind: 'host' as const, name: fqdn, ports: new Map([[port, kind[protocol]]]) }];
  });
}
