import { asList, asMap, asNumber, asString, asStringMap, asStrings, isMap, type JsonMap } from '../json';
import type { MeshObject, ObjectIndex } from './objects';
import { hasLabels } from './workload-index';

/** A server of a Gateway. */
export interface MeshGatewayServer {
  port: { number: number; name: string; protocol: string };
  /** As written: `[namespace/]host`. */
  hosts: string[];
  bind: string;
  tls: JsonMap | undefined;
  /** E.g. `spec.servers[0]`. */
  path: string;
}

export interface MeshGateway {
  /** `namespace/name`, as in resolved references. */
  id: string;
  name: string;
  namespace: string;
  source: MeshObject;
  /** Labels of the pods that it selects in all namespaces; undefined selects every gateway workload. */
  selector: Record<string, string> | undefined;
  /** Servers with a port. */
  servers: MeshGatewayServer[];
}

/** Istio Gateways by name. */
export class GatewayIndex {
  /** In creation order, which decides between conflicting servers. */
  readonly all: readonly MeshGateway[];
  private readonly byId: ReadonlyMap<string, MeshGateway>;

  constructor(objects: ObjectIndex) {
    this.all = objects.ofKind('Gateway').map(meshGateway);
    this.byId = new Map(this.all.map((gateway) => [gateway.id, gateway]));
  }

  /** The Gateway that an object of `fromNamespace` refers to; undefined for `mesh` and for one that is not among the objects. */
  resolve(reference: string, fromNamespace: string): MeshGateway | undefined {
    return this.byId.get(resolveGateway(reference, fromNamespace));
  }

  /** Gateways that apply to a workload with these labels, in creation order. */
  selecting(labels: Record<string, string>): MeshGateway[] {
    return this.all.filter(({ selector }) => selector === undefined || hasLabels(labels, selector));
  }
}

/**
 * `namespace/name` of the Gateway that a reference names: `name`, `namespace/name`, `./name`, or the old form `name.namespace[.svc.domain]` (istio
 * pilot/pkg/model/config.go, resolveGatewayName). `mesh` stays `mesh`.
 */
export function resolveGateway(reference: string, fromNamespace: string): string {
  if (reference === 'mesh') return reference;
  const slash = reference.indexOf('/');
  if (slash >= 0)
    return reference.slice(0, slash) === '.' ? `${fromNamespace}/${reference.slice(slash + 1)}` : reference;
  const [name = '', namespace] = reference.split('.');
  return `${namespace ?? fromNamespace}/${name}`;
}

/**
 * The hosts of a server that VirtualServices of a namespace may use, without their namespace prefix (istio pkg/config/host/names.go, NamesForNamespace). `.` stands
 * for `gatewayNamespace`.
 */
export function serverHosts(server: MeshGatewayServer, gatewayNamespace: string, namespace: string): string[] {
  return server.hosts.flatMap((entry) => {
    const slash = entry.indexOf('/');
    if (slash < 0) return [entry];
    const owner = entry.slice(0, slash) === '.' ? gatewayNamespace : entry.slice(0, slash);
    return owner === '*' || owner === namespace ? [entry.slice(slash + 1)] : [];
  });
}

function meshGateway(source: MeshObject): MeshGateway {
  const { name, namespace, spec } = source;
  return {
    id: `${namespace}/${name}`,
    name,
    namespace,
    source,
    selector: isMap(spec['selector']) ? asStringMap(spec['selector']) : undefined,
    servers: asList(spec['servers']).flatMap((server, index) => gatewayServer(asMap(server), `spec.servers[${index}]`)),
  };
}

function gatewayServer(server: JsonMap, path: string): MeshGatewayServer[] {
  const port = asMap(server['port']);
  const number = asNumber(port['number']);
  if (number === undefined) return [];
  return [
    {
      port: { number, name: asString(port['name']) ?? '', protocol: asString(port['protocol']) ?? '' },
      hosts: asStrings(server['hosts']),
      bind: asString(server['bind']) ?? '',
      tls: isMap(server['tls']) ? server['tls'] : undefined,
      path,
    },
  ];
}
