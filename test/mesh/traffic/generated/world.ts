import type { KubernetesObject } from '../../../../mesh/manifests/kubernetes';

/** A small mesh for testing generated rules, the same for every set. */

export interface Instance {
  /** Object name of its WorkloadEntry. */
  name: string;
  namespace: string;
  service: string;
  version: string;
  /** Its own address in 127.0.0.0/8. */
  address: string;
}

/** All ports of services lead to it. */
export const backendPort = 19080;
/** Ports of the gateway's servers. */
export const gatewayPorts = [18090, 18091] as const;

const services: { name: string; namespace: string; versions: string[]; ports: number[] }[] = [
  { name: 'alpha', namespace: 'shop', versions: ['v1', 'v2', 'v3'], ports: [80, 18081] },
  { name: 'beta', namespace: 'shop', versions: ['v1', 'v2'], ports: [80] },
  { name: 'gamma', namespace: 'depot', versions: ['v1', 'v2'], ports: [80, 18081] },
];

export const instances: Instance[] = services.flatMap(({ name, namespace, versions }, index) =>
  versions.map((version, at) => ({
    name: `${name}-${version}`,
    namespace,
    service: name,
    version,
    address: `127.30.${index + 1}.${at + 1}`,
  })),
);

/** The second sender besides the gateway: a sidecar of the namespace `shop`. */
export const clientProxy = { namespace: 'shop', labels: { app: 'web', tier: 'front' } };
export const gatewayProxy = { namespace: 'gateways', labels: { istio: 'ingressgateway' } };

export const meshConfig = { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } };
export const openMeshConfig = { outboundTrafficPolicy: { mode: 'ALLOW_ANY' } };

/** Stands for the original address of requests that the proxy passes through. */
export const outside = { name: 'outside', address: '127.30.9.1' } as const;

/**
 * Keeps the gateway's ports open between sets: Envoy drains a removed listener for minutes, and still answers on it.
 */
const listeningGateway: KubernetesObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name: 'listening', namespace: 'gateways' },
  spec: {
    selector: gatewayProxy.labels,
    servers: gatewayPorts.map((number) => ({
      port: { number, name: `http-${number}`, protocol: 'HTTP' },
      bind: '127.0.0.1',
      hosts: ['listening.test'],
    })),
  },
};

/** Services and their endpoints. */
export const worldObjects: KubernetesObject[] = [
  listeningGateway,
  ...services.map(({ name, namespace, ports }): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      selector: { app: name },
      ports: ports.map((port) => ({ name: `http-${port}`, port, targetPort: backendPort })),
    },
  })),
  ...instances.map(({ name, namespace, service, version, address }): KubernetesObject => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { name, namespace },
    spec: { address, labels: { app: service, version } },
  })),
];
