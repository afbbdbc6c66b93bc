import { asList, asName } from '../../mesh/json';
import { serverHosts } from '../../mesh/model/gateways';
import { hostsOverlap } from '../../mesh/model/hosts';
import type { MeshGatewayServer, MeshModel, MeshVirtualService } from '../../mesh/model/mesh-model';
import { isHttp, isTls, parseProtocol } from '../../mesh/model/protocol';
import { isOnMesh, type RouteProtocol } from '../model/routes';
import { examples, type Rule, type Violation } from '../rule';

const protocols: readonly RouteProtocol[] = ['http', 'tls', 'tcp'];

/** A kind of rule counts as useless when no server of its gateways, and no port of its hosts, can read it. Only gateways and services among the objects are judged. */
export const routeProtocol: Rule = {
  id: 'route-protocol',
  level: 'mandatory',
  title: 'http, tls and tcp rules apply to ports of their protocol',
  single: false,
  docs: {
    why: 'A PASSTHROUGH server does not read HTTP, and a server that terminates TLS does not pass on the SNI, so rules of the wrong kind have no effect and the host is unreachable. At a TCP port of a Service http rules are ignored.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: public, namespace: shop }
spec:
  selector: { istio: ingress }
  servers: [{ port: { number: 443, name: tls, protocol: TLS }, hosts: [www.example.com], tls: { mode: PASSTHROUGH } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: shop }
spec:
  hosts: [www.example.com]
  gateways: [public]
  http: [{ route: [{ destination: { host: cart } }] }]
`,
      [
        'http: [{ route: [{ destination: { host: cart',
        'tls: [{ match: [{ sniHosts: [www.example.com] }], route: [{ destination: { host: cart, port: { number: 443 }',
      ],
    ),
    fix: 'Write `tls` rules for PASSTHROUGH servers, `http` rules for HTTP and for HTTPS that the gateway terminates, `tcp` rules for everything else.',
  },
  check: (model) => model.virtualServices.all.flatMap((virtualService) => violations(model, virtualService)),
};

function violations(model: MeshModel, virtualService: MeshVirtualService): Violation[] {
  const { source, gateways, hosts, namespace } = virtualService;
  if (hosts.length === 0) return [];
  const places = gateways.flatMap((id) => {
    if (id === 'mesh') return [meshProtocols(model, virtualService)];
    const gateway = model.gateways.resolve(id, namespace);
    const servers = gateway?.servers.filter((server) =>
      serverHosts(server, gateway.namespace, namespace).some((served) =>
        hosts.some((host) => hostsOverlap(host, served)),
      ),
    );
    return [servers === undefined || servers.length === 0 ? undefined : new Set(servers.map(readBy))];
  });
  if (places.some((place) => place === undefined)) return [];
  const readable = new Set(places.flatMap((place) => [...(place ?? [])]));
  if (readable.size === 0) return [];
  const level = isOnMesh(virtualService) ? { level: 'advisory' as const } : {};
  return protocols.flatMap((protocol): Violation[] => {
    if (asList(source.spec[protocol]).length === 0 || readable.has(protocol)) return [];
    const message = `no ${isOnMesh(virtualService) ? 'port of' : 'server for'} ${hosts.join(', ')} uses ${protocol} rules, so they have no effect: ${[...readable].sort().join(' and ')} rules are used there. Write those, or change the protocol of the port`;
    return [{ object: source.object, path: `spec.${protocol}`, message, ...level }];
  });
}

/** Which rules of a VirtualService a Gateway's server uses: http, tls or tcp. */
function readBy({ port, tls }: MeshGatewayServer): RouteProtocol {
  const protocol = parseProtocol(port.protocol);
  if (isHttp(protocol)) return 'http';
  const mode = asName(tls?.['mode']);
  const passes = mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH';
  if (isTls(protocol) && passes) return 'tls';
  return protocol === 'HTTPS' ? 'http' : 'tcp';
}

/** The kinds of rules that the ports of the hosts use in the mesh; undefined when some host is not among the objects. */
function meshProtocols(model: MeshModel, { hosts, namespace }: MeshVirtualService): Set<RouteProtocol> | undefined {
  const found = new Set<RouteProtocol>();
  for (const host of hosts) {
    const service = model.services.covering(host, namespace);
    if (service === undefined) return undefined;
    for (const { protocol } of service.ports) {
      if (isHttp(protocol) || protocol === 'Unsupported') found.add('http');
      // A sidecar reads the SNI of TLS and may take any stream for TCP.
      if (!isHttp(protocol)) for (const other of ['tls', 'tcp'] as const) found.add(other);
    }
  }
  return found;
}
