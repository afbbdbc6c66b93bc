import { appObjects } from '../../../components/manifests/apps/app';
import type { KubernetesObject } from '../../../components/manifests/kubernetes';
import { renderMesh } from '../../../components/manifests/mesh';
import { sample } from '../../support/samples';
import { until } from '../traffic/child';
import { send, type Answer, type Sent } from '../traffic/client';
import { adminText } from '../traffic/envoy';
import { startMesh, type RealMesh } from '../traffic/mesh';
import { findPrograms } from '../traffic/programs';
import { podsOf, workloadEntry } from './pods';
import { StubServers } from './stub-servers';

/** Where the gateway listens in place of port 80. */
export const gatewayPort = 18094;
const markerPorts = { gateway: 18095, client: 18096 };
const gatewayLabels = { istio: 'ingressgateway' };

const marking = (kind: string, name: string, spec: Record<string, unknown>, namespace: string): KubernetesObject => ({
  apiVersion: kind === 'Service' ? 'v1' : 'networking.istio.io/v1',
  kind,
  metadata: { name, namespace },
  spec,
});

/** Real istiod, a gateway and a client's sidecar, with stubs for a sample's pods. */
export class Stage {
  private round = 0;

  private constructor(
    private readonly mesh: RealMesh,
    private readonly namespace: string,
    readonly stubs: StubServers,
  ) {}

  /**
   * Starts it, or ends the suite as skipped where the programs are missing.
   * @param namespace - of the sample's app; the client's sidecar is in it too
   */
  static async start(context: Mocha.Context, namespace: string, meshConfig: object = {}): Promise<Stage> {
    const programs = findPrograms();
    if (typeof programs === 'string') {
      console.log(`    skipped: ${programs}`);
      context.skip();
    }
    const servers = [{ port: { number: markerPorts.gateway, name: 'http', protocol: 'HTTP' }, ...onLoopback }];
    const mesh = await startMesh({
      programs: programs as Exclude<typeof programs, string>,
      objects: [
        marking('Gateway', 'marker', { selector: gatewayLabels, servers }, namespace),
        marking('Service', 'marker', { ports: [{ name: 'http', port: markerPorts.client }] }, namespace),
      ],
      meshConfig,
      backends: [],
      proxies: [
        { name: 'gateway', type: 'router', namespace: 'istio-system', labels: gatewayLabels, address: '127.0.0.8' },
        { name: 'client', type: 'sidecar', namespace, labels: { app: 'client' }, address: '127.0.0.9' },
      ],
      log: (line) => console.log(`    ${line}`),
    });
    return new Stage(mesh, namespace, new StubServers());
  }

  /** Brings a state of a sample into force, and returns when the proxies have it. */
  async to(reference: string, ...patches: Record<string, unknown>[]): Promise<void> {
    await this.have(renderMesh(sample(reference, ...patches).settings).objects.map(({ object }) => object));
  }

  async have(objects: readonly KubernetesObject[]): Promise<void> {
    const pods = podsOf(objects);
    await this.stubs.become(pods);
    const traffic = objects.filter(({ kind }) => trafficKinds.includes(kind)).map(forLoopback);
    const wanted = [...traffic, ...pods.map(workloadEntry)];
    // Each kind has a watch of its own, so another object may still be on its way when the first marker is seen; a second one comes after it.
    for (let twice = 0; twice < 2; twice++) {
      const text = `round ${++this.round}`;
      await this.mesh.apply([...wanted, this.marker(text)]);
      await this.seen(text);
    }
  }

  /** Sends a request to the gateway. */
  atGateway(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return send({ port: gatewayPort, path, headers });
  }

  /** Sends a request from the client's pod to a service. */
  fromClient(host: string, port: number, sent: Omit<Sent, 'port'> = {}): Promise<Answer> {
    return send({ ...sent, port, headers: { ...sent.headers, host } });
  }

  /** A statistic of the client's or the gateway's Envoy, summed over all whose names match. */
  async statistic(proxy: 'client' | 'gateway', name: string): Promise<number> {
    const envoy = this.mesh.proxies.get(proxy);
    const text = envoy === undefined ? '' : await adminText(envoy, `/stats?filter=${encodeURIComponent(name)}`);
    return text
      .split('\n')
      .map((line) => Number(line.split(': ')[1]))
      .filter((value) => !Number.isNaN(value))
      .reduce((sum, value) => sum + value, 0);
  }

  async stop(): Promise<void> {
    await this.mesh.stop();
    await this.stubs.stop();
  }

  /** A route that answers with its text: who sees it has what was applied before. */
  private marker(text: string): KubernetesObject {
    const http = [{ directResponse: { status: 200, body: { string: text } } }];
    const spec = { hosts: ['marker'], gateways: ['marker', 'mesh'], http };
    return marking('VirtualService', 'marker', spec, this.namespace);
  }

  private async seen(text: string): Promise<void> {
    for (const [proxy, port] of Object.entries(markerPorts)) {
      const host = proxy === 'gateway' ? `marker.${this.namespace}.svc.cluster.local` : 'marker';
      const has = async () => ((await send({ port, headers: { host } })).body === text ? true : undefined);
      await until(`${text} at the ${proxy}`, has, undefined, 60);
    }
  }
}

const onLoopback = { bind: '127.0.0.1', hosts: ['*'] };
const trafficKinds = ['Service', 'Gateway', 'VirtualService', 'DestinationRule', 'PeerAuthentication'];

/** The object as it can live on this machine: gateways listen on loopback, at a port that needs no leave; nothing asks for an address. */
function forLoopback(object: KubernetesObject): KubernetesObject {
  if (object.kind === 'Service') return { ...object, spec: { ...object.spec, type: 'ClusterIP' } };
  if (object.kind !== 'Gateway') return object;
  const servers = object.spec?.['servers'] as { port: { number: number } }[];
  const spec = {
    ...object.spec,
    servers: servers.map((server) => ({
      ...server,
      bind: '127.0.0.1',
      port: { ...server.port, number: gatewayPort },
    })),
  };
  return { ...object, spec };
}

/** Objects of a sample app alone, for what no sample state has. */
export function objectsOfApp(name: string, namespace: string): KubernetesObject[] {
  return appObjects(name, { namespace }, {}).map(({ object }) => object);
}
