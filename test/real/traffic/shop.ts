import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { RouteSettings } from '../../../mesh/manifests/settings';
import { allRouteObjects } from '../../../mesh/manifests/routes';
import type { Backend } from './backends';
import type { ProxySpec } from './envoy';

/** A service `reviews` of several versions behind a gateway, and clients of it in the mesh. */
export interface Shop {
  objects: KubernetesObject[];
  backends: Backend[];
  proxies: ProxySpec[];
  /** Port of the gateway on 127.0.0.1. */
  gatewayPort: number;
  host: string;
}

export const shopHost = 'reviews.shop.svc.cluster.local';
const networking = 'networking.istio.io/v1';
const port = 9080;
/** A TCP port of the same service. */
const tcpPort = 9090;

/** A part of 127.0.0.0/8 for each test process, as Envoys of two processes at one address would get each other's connections. */
const network = `127.${1 + (process.pid % 250)}`;

/** @param sidecars - number of clients in the mesh, besides the gateway */
export function shop(gatewayPort: number, versions: readonly string[], sidecars = 1, gateways = 1): Shop {
  const backends = versions.map((version, index) => ({
    name: version,
    address: `${network}.31.${index + 1}`,
    ports: [port, tcpPort],
  }));
  return {
    gatewayPort,
    host: shopHost,
    backends,
    objects: [
      {
        apiVersion: networking,
        kind: 'ServiceEntry',
        metadata: { name: 'reviews', namespace: 'shop' },
        spec: {
          hosts: [shopHost],
          location: 'MESH_INTERNAL',
          resolution: 'STATIC',
          ports: [
            { number: port, name: 'http', protocol: 'HTTP' },
            { number: tcpPort, name: 'tcp', protocol: 'TCP' },
          ],
          endpoints: backends.map(({ name, address }) => ({ address, labels: { app: 'reviews', version: name } })),
        },
      },
      ...Array.from({ length: gateways }, (_, index): KubernetesObject => ({
        apiVersion: networking,
        kind: 'Gateway',
        metadata: { name: gatewayName(index), namespace: 'shop' },
        spec: {
          selector: { istio: gatewayName(index) },
          servers: [
            {
              port: { number: gatewayPort + index, name: 'http', protocol: 'HTTP' },
              hosts: ['*'],
              bind: '127.0.0.1',
            },
          ],
        },
      })),
      ...Array.from({ length: sidecars }, (_, index): KubernetesObject => ({
        apiVersion: networking,
        kind: 'Sidecar',
        metadata: { name: `client-${index}`, namespace: 'shop' },
        spec: {
          workloadSelector: { labels: { app: `client-${index}` } },
          egress: [
            { port: { number: port, name: 'http', protocol: 'HTTP' }, bind: sidecarIp(index), hosts: ['*/*'] },
            { port: { number: tcpPort, name: 'tcp', protocol: 'TCP' }, bind: sidecarIp(index), hosts: ['*/*'] },
          ],
        },
      })),
    ],
    proxies: [
      ...Array.from({ length: gateways }, (_, index): ProxySpec => ({
        name: gatewayName(index),
        type: 'router',
        namespace: 'shop',
        labels: { istio: gatewayName(index) },
        address: `10.255.1.${index + 1}`,
      })),
      ...Array.from({ length: sidecars }, (_, index): ProxySpec => ({
        name: `client-${index}`,
        type: 'sidecar',
        namespace: 'shop',
        labels: { app: `client-${index}` },
        address: `10.255.2.${index + 1}`,
      })),
    ],
  };
}

/** Settings of the service's route, for the gateways and the mesh. */
export function shopRoute(settings: RouteSettings, gateways = 1): RouteSettings {
  const names = Array.from({ length: gateways }, (_, index) => gatewayName(index));
  return { host: shopHost, port, gateways: [...names, 'mesh'], ...settings };
}

/** Objects of that route. */
export function shopRouteObjects(settings: RouteSettings, gateways = 1): KubernetesObject[] {
  return allRouteObjects({ shop: { reviews: shopRoute(settings, gateways) } }).flatMap(
    ({ destinationRules, virtualService }) => [
      ...destinationRules.map(({ object }) => object),
      ...(virtualService === undefined ? [] : [virtualService.object]),
    ],
  );
}

/** The sidecar of a client in the mesh, where it sends its requests. */
export function sidecarAddress(index: number): string {
  return `${sidecarIp(index)}:${port}`;
}

/** The TCP port of the sidecar. */
export function sidecarTcpAddress(index: number): string {
  return `${sidecarIp(index)}:${tcpPort}`;
}

function sidecarIp(index: number): string {
  return `${network}.${32 + index}.1`;
}

function gatewayName(index: number): string {
  return `edge-${index}`;
}
