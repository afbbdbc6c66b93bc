import { createServer, type Server } from 'node:http';
import type { KubernetesObject } from '../../../components/manifests/kubernetes';
import { newAuthority, type Authority } from '../../../lab/control-plane/certificates';
import { until } from '../traffic/child';
import { send, type Answer } from '../traffic/client';
import type { ProxySpec } from '../traffic/envoy';
import { startMesh, type RealMesh } from '../traffic/mesh';
import { findPrograms } from '../traffic/programs';
import { startSecretService, type SecretService } from '../traffic/secret-service';
import { forLoopback, gatewayPort, sampleObjects } from './stage';

const port = 9080;
const namespace = 'default';
const kinds = ['Service', 'Gateway', 'VirtualService', 'DestinationRule', 'PeerAuthentication'];

/** A pod with a sidecar of its own, at an address of its own. */
interface MeshedPod {
  name: string;
  app: string;
  version: string;
  address: string;
}

const pods: MeshedPod[] = ['productpage-v1', 'reviews-v1', 'reviews-v2', 'reviews-v3'].map((name, index) => {
  const [app = '', version = ''] = name.split('-');
  return { name, app, version, address: `127.60.0.${index + 1}` };
});

/** What an application saw of a request. */
export interface Seen {
  pod: string;
  /** Who called, as the pod's sidecar tells it: `x-forwarded-client-cert`. */
  caller: string;
}

/** Real istiod and Envoys with certificates: a gateway, a client's sidecar, and a sidecar before each of some pods of Bookinfo. */
export class MutualTlsStage {
  private constructor(
    private readonly mesh: RealMesh,
    private readonly secrets: SecretService[],
    private readonly servers: Server[],
    private readonly standing: KubernetesObject[],
  ) {}

  /** Starts it, or ends the suite as skipped where the programs are missing. */
  static async start(context: Mocha.Context): Promise<MutualTlsStage> {
    const programs = findPrograms();
    if (typeof programs === 'string') {
      console.log(`    skipped: ${programs}`);
      context.skip();
    }
    const authority = await newAuthority({ commonName: 'mesh', organization: 'test' });
    const secrets: SecretService[] = [];
    const identified = async (spec: ProxySpec, account: string): Promise<ProxySpec> => {
      const service = await startSecretService(await identityOf(authority, spec.namespace, account));
      secrets.push(service);
      return { ...spec, secretPort: service.port };
    };
    const servers = await Promise.all(pods.map(application));
    const router = { name: 'gateway', type: 'router', labels: { istio: 'ingressgateway' } } as const;
    const client = { name: 'client', type: 'sidecar', labels: { app: 'client' } } as const;
    const proxies = [
      await identified({ ...router, namespace: 'istio-ingress', address: '127.0.0.8' }, 'istio-ingressgateway'),
      await identified({ ...client, namespace, address: '127.0.0.9' }, 'client'),
    ];
    for (const { name, app, version, address } of pods) {
      const sidecar = { name, type: 'sidecar', namespace, labels: { app, version }, address } as const;
      proxies.push(await identified(sidecar, `bookinfo-${app}`));
    }
    const standing = pods.flatMap((pod, index) => [workloadEntry(pod), sidecar(pod, portOf(servers[index]))]);
    const log = (line: string): void => console.log(`    ${line}`);
    const mesh = await startMesh({ programs, objects: [], backends: [], proxies, log });
    return new MutualTlsStage(mesh, secrets, servers, standing);
  }

  /** Brings a state of sample 004 into force and returns when `settled` finds that it is. */
  async to(state: string, settled: () => Promise<boolean>): Promise<void> {
    const objects = sampleObjects(state).filter(({ kind }) => kinds.includes(kind));
    await this.mesh.apply([...objects.map(forLoopback), ...this.standing]);
    await until(`${state} at the proxies`, async () => ((await settled()) ? true : undefined), undefined, 60);
  }

  atGateway(path: string): Promise<Answer> {
    return send({ port: gatewayPort, path });
  }

  /** From the client's pod, through its sidecar. */
  fromClient(service: string, headers: Record<string, string> = {}): Promise<Answer> {
    return send({ port, headers: { ...headers, host: service } });
  }

  /** From a pod without a sidecar, which has no certificate, straight to a pod. Status 0: cut off. */
  fromOutside(pod: string): Promise<Answer> {
    return send({ port, address: pods.find(({ name }) => name === pod)?.address ?? '', headers: { host: pod } });
  }

  async stop(): Promise<void> {
    await this.mesh.stop();
    await Promise.all(this.secrets.map((service) => service.stop()));
    for (const server of this.servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}

async function identityOf(authority: Authority, space: string, account: string) {
  const subject = { commonName: account, organization: 'test' };
  const uri = `spiffe://cluster.local/ns/${space}/sa/${account}`;
  return { ...(await authority.issueIdentity(subject, uri)), authorityPem: authority.certificatePem };
}

/** The application of a pod, behind its sidecar. */
function application({ name }: MeshedPod): Promise<Server> {
  const server = createServer((request, response) => {
    const seen: Seen = { pod: name, caller: String(request.headers['x-forwarded-client-cert'] ?? '') };
    response.writeHead(200, { 'content-type': 'text/json' });
    response.end(JSON.stringify(seen));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function workloadEntry({ name, app, version, address }: MeshedPod): KubernetesObject {
  const labels = { app, version, 'security.istio.io/tlsMode': 'istio' };
  const spec = { address, labels, serviceAccount: `bookinfo-${app}` };
  return { apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', metadata: { name, namespace }, spec };
}

/** Nothing captures a pod's traffic on this machine, so its sidecar listens at the pod's address itself. */
function sidecar({ name, app, version, address }: MeshedPod, target: number): KubernetesObject {
  const listener = {
    port: { number: port, protocol: 'HTTP', name: 'http' },
    bind: address,
    captureMode: 'NONE',
    defaultEndpoint: `127.0.0.1:${target}`,
  };
  // It calls nobody; the one listener that it must have is at an address of its own.
  const egress = [{ port: { number: 9, protocol: 'HTTP', name: 'http-none' }, bind: address, hosts: ['~/*'] }];
  const spec = { workloadSelector: { labels: { app, version } }, ingress: [listener], egress };
  return { apiVersion: 'networking.istio.io/v1', kind: 'Sidecar', metadata: { name, namespace }, spec };
}
