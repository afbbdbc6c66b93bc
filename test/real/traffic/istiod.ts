import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePorts, start, until, type Child } from './child';
import type { Programs } from './programs';

/** A running istiod. */
export interface Istiod extends Child {
  /** Plain ADS, on 127.0.0.1. */
  xdsPort: number;
  /** Plain HTTP with the debug endpoints. */
  httpPort: number;
}

/** Upstream Envoy lacks Istio's filters, and there is no agent to fetch certificates. */
const plainEnvoy = {
  PILOT_ENABLE_METADATA_EXCHANGE: 'false',
  PILOT_ENABLE_ALPN_FILTER: 'false',
  PILOT_DISABLE_MX_ALPN: 'true',
  PILOT_DEBOUNCE_AFTER: '20ms',
};

/** Starts istiod on 127.0.0.1, and waits until it is ready. */
export async function startIstiod(
  programs: Programs,
  kubeconfig: string,
  folder: string,
  meshConfig: object,
): Promise<Istiod> {
  const [xds = 0, http = 0, https = 0, secure = 0, monitoring = 0] = await freePorts(5);
  const mesh = join(folder, 'mesh.yaml');
  writeFileSync(mesh, stringify({ enableAutoMtls: false, ...meshConfig }));
  const networks = join(folder, 'networks.yaml');
  writeFileSync(networks, 'networks: {}\n');
  const address = (port: number): string => `127.0.0.1:${port}`;
  const words = [
    'discovery',
    ...['--kubeconfig', kubeconfig, '--meshConfig', mesh, '--networksConfig', networks],
    ...['--grpcAddr', address(xds), '--httpAddr', address(http), '--httpsAddr', address(https)],
    ...['--secureGRPCAddr', address(secure), '--monitoringAddr', address(monitoring), '--ctrlz_port', '0'],
    '--keepaliveMaxServerConnectionAge=24h',
  ];
  const child = start(programs.pilotDiscovery, words, join(folder, 'istiod.log'), {
    ...plainEnvoy,
    POD_NAMESPACE: 'istio-system',
    POD_NAME: 'istiod-test',
    CLUSTER_ID: 'Kubernetes',
    ISTIOD_CUSTOM_HOST: '127.0.0.1',
    PILOT_CERT_PROVIDER: 'istiod',
    ENABLE_LEADER_ELECTION: 'false',
    INJECTION_WEBHOOK_CONFIG_NAME: '',
    VALIDATION_WEBHOOK_CONFIG_NAME: '',
    ROOT_CA_DIR: folder,
  });
  await until('istiod to be ready', () => ready(http), child, 120);
  return { ...child, xdsPort: xds, httpPort: http };
}

function ready(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/ready', timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? true : undefined);
    }).on('error', () => resolve(undefined));
  });
}
