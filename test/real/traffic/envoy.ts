import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { freePorts, start, until, type Child } from './child';
import type { Programs } from './programs';

/** A proxy to run. */
export interface ProxySpec {
  name: string;
  type: 'router' | 'sidecar';
  namespace: string;
  labels: Record<string, string>;
  /** Address of the proxy's pod; no endpoint of a service may have it. Defaults to 127.0.0.1. */
  address?: string;
  /**
   * `address:port` that replaces the original destination of connections that the proxy passes through: without
   * interception Envoy does not know the destination.
   */
  outside?: string;
}

/** A running Envoy that takes its configuration from istiod. */
export interface Envoy extends Child {
  spec: ProxySpec;
  adminPort: number;
}

let epoch = 0;

/** Starts an upstream Envoy as a gateway, or as a sidecar whose listeners bind to 127.0.0.1 (interception mode NONE). */
export async function startEnvoy(programs: Programs, xdsPort: number, folder: string, spec: ProxySpec): Promise<Envoy> {
  const [adminPort = 0] = await freePorts(1);
  const file = join(folder, `${spec.name}.json`);
  writeFileSync(file, JSON.stringify(bootstrap(spec, xdsPort, adminPort), null, 2));
  const words = [
    '-c',
    file,
    '--base-id',
    String(++epoch + (process.pid % 30_000) * 10),
    '--concurrency',
    '1',
    '-l',
    'warning',
    // Tests read the access log while Envoy runs; the default is ten seconds.
    '--file-flush-interval-msec',
    '200',
  ];
  const child = start(programs.envoy, words, join(folder, `${spec.name}.log`));
  const envoy = { ...child, spec, adminPort };
  await until(
    `Envoy ${spec.name} to be ready`,
    async () => ((await adminText(envoy, '/ready')) === 'LIVE' ? true : undefined),
    child,
    60,
  );
  return envoy;
}

/** The response of Envoy's admin interface, trimmed; '' without one. */
function adminText({ adminPort }: Pick<Envoy, 'adminPort'>, path: string): Promise<string> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port: adminPort, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8').trim()));
    }).on('error', () => resolve(''));
  });
}

function bootstrap(
  { name, type, namespace, labels, address = '127.0.0.1', outside }: ProxySpec,
  xdsPort: number,
  adminPort: number,
): object {
  const grpc = {
    api_type: 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: 'xds' } }],
  };
  const loopback = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } });
  const fixedCluster = (cluster: string, at: object): object => ({
    name: cluster,
    type: 'STATIC',
    connect_timeout: '5s',
    load_assignment: { cluster_name: cluster, endpoints: [{ lb_endpoints: [{ endpoint: { address: at } }] }] },
  });
  const grpcCluster = (cluster: string, port: number): object => ({
    ...fixedCluster(cluster, loopback(port)),
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  });
  const [host, port] = outside?.split(':') ?? [];
  const passthrough = { socket_address: { address: host, port_value: Number(port) } };
  return {
    node: {
      id: `${type}~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `${name}.${namespace}`,
      metadata: {
        NAMESPACE: namespace,
        LABELS: labels,
        CLUSTER_ID: 'Kubernetes',
        ISTIO_VERSION: '1.30.3',
        INTERCEPTION_MODE: 'NONE',
        INSTANCE_IPS: address,
      },
    },
    admin: { address: loopback(adminPort) },
    dynamic_resources: {
      ads_config: grpc,
      lds_config: { ads: {}, resource_api_version: 'V3' },
      cds_config: { ads: {}, resource_api_version: 'V3' },
    },
    static_resources: {
      // If the control plane sends a cluster with the same name, Envoy keeps its static one.
      clusters: [
        grpcCluster('xds', xdsPort),
        ...(outside === undefined ? [] : [fixedCluster('PassthroughCluster', passthrough)]),
      ],
    },
  };
}
