import { readFile } from 'node:fs/promises';
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
      programs: programs,
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
    await this.have(sampleObjects(reference, ...patches));
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

  /**
   * A counter of one of a proxy's clusters.
   * @param cluster - without the domain, e.g. `outbound|8080|v1|reviews`
   */
  async statistic(proxy: 'client' | 'gateway', cluster: string, counter: string): Promise<number> {
    const text = await this.admin(proxy, `/stats?filter=${encodeURIComponent(`${counter}$`)}`);
    const found = text
      .split('\n')
      .filter((line) => line.startsWith(`cluster.${cluster}.`))
      .map((line) => Number(line.split(': ')[1]));
    if (found.length !== 1) throw new Error(`${proxy} has ${found.length} counters ${counter} of cluster ${cluster}`);
    return found[0] ?? NaN;
  }

  /** An admin page of a proxy's Envoy, as text. */
  async admin(proxy: 'client' | 'gateway', path: string): Promise<string> {
    const envoy = this.mesh.proxies.get(proxy);
    return envoy === undefined ? '' : adminText(envoy, path);
  }

  /** Lines of a proxy's access log, where the mesh config has it on. */
  accessLog(proxy: 'client' | 'gateway'): Promise<string[]> {
    const envoy = this.mesh.proxies.get(proxy);
    return envoy === undefined ? Promise.resolve([]) : readFile(envoy.log, 'utf8').then((text) => text.split('\n'));
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

/** All objects of a sample's state. */
export function sampleObjects(reference: string, ...patches: Record<string, unknown>[]): KubernetesObject[] {
  return renderMesh(sample(reference, ...patches).settings).objects.map(({ object }) => object);
}

const onLoopback = { bind: '127.0.0.1', hosts: ['*'] };
const trafficKinds = ['Service', 'Gateway', 'VirtualService', 'DestinationRule', 'Telemetry'];

/** The object as it can live on this machine: gateways listen on loopback, at a port that needs no leave; nothing asks for an address. */
export function forLoopback(object: KubernetesObject): KubernetesObject {
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
