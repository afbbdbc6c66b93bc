import type { KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import { gatewayProxy, type Instance } from './world';

/**
 * A small mesh for testing generated rules for connections. Each service has its own port, because all share one
 * address on the machine.
 */
export const connectionServices = [
  { name: 'store', namespace: 'shop', port: 18301, protocol: 'tcp' },
  { name: 'vault', namespace: 'shop', port: 18302, protocol: 'tls' },
  { name: 'ledger', namespace: 'depot', port: 18303, protocol: 'tcp' },
  { name: 'mail', namespace: 'depot', port: 18304, protocol: 'tls' },
] as const;

export const connectionBackendPort = 19081;
/** Ports of the gateway's servers: plain TCP, and TLS that it passes through. */
export const connectionGatewayPorts = { tcp: 18391, tls: 18392 } as const;

export const connectionInstances: Instance[] = connectionServices.flatMap(({ name, namespace }, index) =>
  ['v1', 'v2'].map((version, at) => ({
    name: `${name}-${version}`,
    namespace,
    service: name,
    version,
    address: `127.31.${index + 1}.${at + 1}`,
  })),
);

const server = (protocol: 'tcp' | 'tls'): object => ({
  port: { number: connectionGatewayPorts[protocol], name: protocol, protocol: protocol.toUpperCase() },
  bind: '127.0.0.1',
  hosts: ['*'],
  ...(protocol === 'tls' ? { tls: { mode: 'PASSTHROUGH' } } : {}),
});

export const connectionObjects: KubernetesObject[] = [
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'gw', namespace: 'shop' },
    spec: { selector: gatewayProxy.labels, servers: [server('tcp'), server('tls')] },
  },
  ...connectionServices.map(({ name, namespace, port, protocol }): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      selector: { app: name },
      ports: [{ name: `${protocol}-${name}`, port, targetPort: connectionBackendPort }],
    },
  })),
  ...connectionInstances.map(({ name, namespace, service, version, address }): KubernetesObject => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { name, namespace },
    spec: { address, labels: { app: service, version } },
  })),
];
