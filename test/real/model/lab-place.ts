import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { KubernetesApi } from '../../../cluster/api';
import { type AdminEndpoint, ClusterEndpoints } from '../../../cluster/proxies/admin-endpoint';
import { labSettings } from '../../../cli/start/lab-settings';
import { asList, asMap, asString } from '../../../mesh/json';
import { objectKey, objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { Request } from '../../../mesh/traffic/request';
import { answered } from '../../mesh/traffic/generated/expected-server';
import { type Sender, senders, serverGatewayPort } from '../../mesh/traffic/generated/server-world';
import { Stage } from '../scenarios/stage';
import { until } from '../traffic/child';
import { listenersHave, markerPolicy } from './marker';
import type { Place } from './try-out';

const manager = 'meshwright-test';

/** Each request gets a connection of its own: a server keeps an open one under the policies and the mutual TLS that it began with. */
const oneRequestPerConnection: KubernetesObject = {
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name: 'one-request-per-connection', namespace: 'istio-system' },
  spec: {
    configPatches: ['SIDECAR_OUTBOUND', 'GATEWAY'].map((context) => ({
      applyTo: 'CLUSTER',
      match: { context },
      patch: {
        operation: 'MERGE',
        value: {
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              common_http_protocol_options: { max_requests_per_connection: 1 },
              explicit_http_config: { http_protocol_options: {} },
            },
          },
        },
      },
    })),
  },
};

/** A lab with istiod and its certificates, and a sidecar for each pod. */
export class LabPlace implements Place<Sender> {
  private marks = 0;
  private present: KubernetesObject[] = [];

  private constructor(
    private readonly stage: Stage,
    private readonly api: KubernetesApi,
    private readonly istiod: AdminEndpoint,
    /** Ports of the proxies' admin pages. */
    private readonly admins: readonly number[],
  ) {}

  /** Starts a lab with a mesh, or skips the suite without Envoy. */
  static async start(
    context: Mocha.Context,
    world: readonly KubernetesObject[],
    meshConfig: Record<string, unknown>,
  ): Promise<LabPlace> {
    const stage = await Stage.start(context, 'shop');
    const istiodValues = { env: { PILOT_DEBOUNCE_AFTER: '20ms' } };
    const wanted = { istio: { meshConfig, values: { istiod: istiodValues } } };
    await stage.have(labSettings(wanted, { istio: stage.lab.charts }).settings);
    const api = KubernetesApi.open({ kubeconfig: stage.lab.kubeconfig });
    for (const object of [...world, oneRequestPerConnection]) await api.apply(object, { manager });
    const count = world.filter(({ kind }) => kind === 'Deployment').length + 1;
    const admins = await until(
      'the pods',
      async () => {
        const pods = (await stage.status()).pods;
        return pods.filter(({ ready }) => ready).length === count
          ? pods.flatMap(({ admin }) => admin ?? [])
          : undefined;
      },
      undefined,
      180,
    );
    const endpoints = new ClusterEndpoints({ kubeconfig: stage.lab.kubeconfig, context: stage.lab.context });
    const [istiod] = await endpoints.istiods();
    if (istiod === undefined) throw new Error('the lab has no istiod');
    return new LabPlace(stage, api, istiod, admins);
  }

  async stop(): Promise<void> {
    this.istiod.close();
    await this.stage.stop();
  }

  async deploy(objects: readonly KubernetesObject[]): Promise<KubernetesObject[]> {
    const keys = new Set(objects.map(objectKey));
    const gone = this.present.filter((object) => !keys.has(objectKey(object)));
    await Promise.all(gone.map((object) => this.api.remove(object)));
    const applied: KubernetesObject[] = [];
    for (const object of objects) applied.push(await this.api.apply(object, { manager }));
    this.present = applied;
    await until('istiod to read the set', () => this.isRead(applied, gone), undefined, 30);
    // The push of a second marker comes after all of the push before it.
    await this.mark();
    await this.mark();
    return applied;
  }

  /** Whether istiod has the objects as they were applied, and no longer those that are gone. */
  private async isRead(
    objects: readonly KubernetesObject[],
    gone: readonly KubernetesObject[],
  ): Promise<true | undefined> {
    const configs = asList(await this.istiod.get('/debug/configz')) as KubernetesObject[];
    const read = new Map(configs.map((config) => [objectTitle(config), versionOf(config)]));
    const isCurrent = objects.every((object) => read.get(objectTitle(object)) === versionOf(object));
    return isCurrent && !gone.some((object) => read.has(objectTitle(object))) ? true : undefined;
  }

  private async mark(): Promise<void> {
    const name = `mark-${++this.marks}`;
    await this.api.apply(markerPolicy(name, [9080, 9081, serverGatewayPort]), { manager });
    for (const admin of this.admins)
      await until(`${name} in the proxy at ${admin}`, () => listenersHave(admin, name), undefined, 30);
  }

  async observe(from: Sender, request: Request, times: number): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (let sent = 0; sent < times; sent += 10) {
      const batch = Array.from({ length: Math.min(10, times - sent) }, () => this.send(from, request));
      for (const seen of await Promise.all(batch)) counts.set(seen, (counts.get(seen) ?? 0) + 1);
    }
    return counts;
  }

  private async send(from: Sender, request: Request): Promise<string> {
    const { host, port, method = 'GET', path = '/', headers = {} } = request;
    const to = from === 'gateway' ? 'ingress.gateways.svc.cluster.local' : host;
    const sender = from === 'web' || from === 'batch' ? `${from}-v1.${senders[from].namespace}` : undefined;
    const socket = await tunnel(this.stage.lab.egressPort, `${to}:${port}`, sender);
    return new Promise((resolve) => {
      // With an agent, Node would ignore the tunnel.
      const sent = httpRequest(
        { method, path, headers: { ...headers, host }, createConnection: () => socket },
        (response) => {
          text(response).then(
            (body) => resolve(observation(response.statusCode ?? 0, body)),
            () => resolve('closed'),
          );
        },
      );
      sent.setTimeout(20_000, () => sent.destroy());
      sent.on('error', () => resolve('closed'));
      sent.end();
    });
  }
}

/** The pod that answers, and the caller that its sidecar names, or the status of another answer. */
function observation(status: number, body: string): string {
  if (status !== 200) return String(status);
  const { pod, headers } = asMap(JSON.parse(body));
  const certificates = asString(asMap(headers)['x-forwarded-client-cert']) ?? '';
  const [, namespace, account] =
    /URI=spiffe:\/\/cluster\.local\/ns\/([^/]+)\/sa\/([^;,]+)[^,]*$/.exec(certificates) ?? [];
  const workload = String(pod).replace(/-[a-z0-9]+-[a-z0-9]{5}$/, '');
  return answered(workload, namespace === undefined ? undefined : `${namespace}/${account ?? ''}`);
}

function versionOf({ metadata }: KubernetesObject): string | undefined {
  return (metadata as { resourceVersion?: string }).resourceVersion;
}

/** A connection to an address in the cluster, as a pod opens it; without a sender, as a client outside of the mesh. */
function tunnel(proxyPort: number, to: string, sender: string | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(proxyPort, '127.0.0.1', () => {
      const user =
        sender === undefined ? '' : `Proxy-Authorization: Basic ${Buffer.from(`${sender}:`).toString('base64')}\r\n`;
      socket.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n${user}\r\n`);
    });
    socket.on('error', reject);
    socket.once('data', (chunk) => {
      const answer = chunk.toString('utf8');
      if (!answer.startsWith('HTTP/1.1 200')) reject(new Error(`no connection to ${to}: ${answer}`));
      resolve(socket);
    });
  });
}
