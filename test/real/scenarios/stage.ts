import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { stackConfig } from '../../../cli/start/on-lab';
import { labSettings } from '../../../cli/start/lab-settings';
import { LabStack } from '../../../cli/start/lab-stack';
import { labApi, labDown, labUp, processTable, type Lab } from '../../../cluster/lab';
import { kubectl } from '../../cluster/lab/kubectl';
import { doneBy, type Done, LiveObjects } from '../../scenarios/support/objects';
import { engineRun } from '../../support/engine-run';
import { sample } from '../../support/samples';

/** An answer to a request. */
export interface Answer {
  /** 502 if the connection was closed without an answer. */
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  milliseconds: number;
  /** The pod that answered, e.g. `reviews-v1-74d64fc4-glgq9`; '' if no application did. */
  pod: string;
  /** The caller's identity according to the server's sidecar (x-forwarded-client-cert). */
  caller: string;
}

/** What an update did, with its diagnostics. */
export interface Update extends Done {
  said: string[];
}

interface NodePod {
  namespace: string;
  name: string;
  workload: string;
  role: string;
  ready: boolean;
  admin?: number;
}

interface NodeStatus {
  pods: NodePod[];
  nodePorts: { service: string; port: number; address: string }[];
}

/** A pod with a sidecar from which requests are sent. It is not part of the stack. */
const client = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'client', labels: { app: 'client', 'sidecar.istio.io/inject': 'true' } },
  spec: { containers: [{ name: 'client', image: 'docker.io/curlimages/curl:8.11.1' }] },
};

/** Longest time for a test that deploys and sends requests, in milliseconds: some wait for an ejection to end. */
export const REQUEST_TEST_TIMEOUT_MS = 300_000;

/** A sample on its own lab. Pulumi's engine deploys each state to a real istiod and real Envoys. */
export class Stage {
  private constructor(
    private readonly root: string,
    readonly lab: Lab,
    private readonly stack: LabStack,
    private readonly namespace: string,
  ) {}

  get objects(): LiveObjects {
    return new LiveObjects(labApi(this.lab));
  }

  /**
   * Starts a lab, or skips the suite if there is no Envoy.
   * @param namespace - of the sample's app and of the client
   */
  static async start(context: Mocha.Context, namespace: string): Promise<Stage> {
    const root = await mkdtemp(join(tmpdir(), 'meshwright-stage-'));
    const log = (line: string): void => console.log(`    ${line}`);
    const lab = await labUp({ root, log });
    if (lab.noEnvoy !== undefined) {
      console.log(`    skipped: ${lab.noEnvoy}`);
      await labDown({ root, log, purge: true });
      context.skip();
    }
    return new Stage(root, lab, await LabStack.open(lab, 'sample', { log }), namespace);
  }

  /** Deploys a state of a sample; the update waits until the proxies serve it. */
  async to(reference: string, ...patches: Record<string, unknown>[]): Promise<Update> {
    return this.have(this.settings(reference, ...patches));
  }

  /** The settings of a state, adapted to the lab. */
  settings(reference: string, ...patches: Record<string, unknown>[]): StackSettings {
    return labSettings(sample(reference, ...patches).settings, { istio: this.lab.charts }).settings;
  }

  async have(settings: StackSettings): Promise<Update> {
    // Connections here end with their request, so that they need less time than by default.
    this.stack.configure(stackConfig({ ...settings, proof: { drainSeconds: 1, ...settings.proof } }, {}));
    return this.update();
  }

  /** The first step of `npm start`: starts what is not running, and waits until the pods answer. Returns its log. */
  async restart(): Promise<string[]> {
    const lines: string[] = [];
    await labUp({ root: this.root, log: (line) => lines.push(line) });
    return lines;
  }

  /** Kills a process of the lab with SIGKILL. */
  async kill(program: string, argument: string): Promise<void> {
    const processes = (await processTable()).filter(({ commandLine }) => {
      const [file = '', ...rest] = commandLine.split(' ');
      return file.endsWith(`/${program}`) && rest.some((word) => word.includes(this.root) && word.includes(argument));
    });
    if (processes.length !== 1) throw new Error(`${processes.length} processes ${program} ${argument}`);
    for (const { pid } of processes) process.kill(pid, 'SIGKILL');
  }

  /** Deploys the same configuration again, and returns the number of resources that changed. */
  async changes(): Promise<number> {
    const { succeeded, events, stderr } = await this.stack.up();
    if (!succeeded) throw new Error(`the update failed: ${stderr}`);
    const changes =
      events.flatMap(({ summaryEvent }) => (summaryEvent === undefined ? [] : [summaryEvent.resourceChanges]))[0] ?? {};
    return Object.entries(changes).reduce((sum, [op, count]) => sum + (op === 'same' ? 0 : (count ?? 0)), 0);
  }

  /** Reverts changes made by hand. */
  async repair(): Promise<Update> {
    return this.update(true);
  }

  private async update(refresh = false): Promise<Update> {
    const { succeeded, stderr, events } = await engineRun((options) => this.stack.up(options), refresh);
    const said = events.flatMap(({ diagnosticEvent }) =>
      diagnosticEvent === undefined || (diagnosticEvent.severity as string) === 'debug'
        ? []
        : [diagnosticEvent.message],
    );
    if (!succeeded) throw new Error(`the update failed: ${said.join('\n')}\n${stderr}`);
    // The update may have created CRDs.
    await labApi(this.lab).freshKinds();
    return { ...doneBy(events), said };
  }

  /** Creates the client's pod. The namespace must exist, with injection on. */
  async addClient(): Promise<void> {
    await kubectl(this.lab, ['apply', '-n', this.namespace, '-f', '-'], JSON.stringify(client));
    await kubectl(this.lab, ['wait', '-n', this.namespace, '--for=condition=Ready', 'pod/client', '--timeout=60s']);
  }

  /** The environment in which programs find the lab, and its context. */
  get env(): NodeJS.ProcessEnv {
    return this.lab.env;
  }

  get context(): string {
    return this.lab.context;
  }

  /** Where the gateway's port 80 answers. */
  async gatewayAddress(): Promise<string> {
    const { nodePorts } = await this.status();
    const found = nodePorts.find(({ service, port }) => service === 'istio-ingressgateway' && port === 80);
    if (found === undefined) throw new Error('the gateway has no node port');
    return found.address;
  }

  /** Sends a request to the gateway's port 80. */
  async atGateway(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return send(await this.gatewayAddress(), path, headers);
  }

  /** Sends a request from a pod with a sidecar, by default the client. */
  fromClient(
    service: string,
    port: number,
    {
      path = '/',
      headers = {},
      from = 'client',
    }: { path?: string; headers?: Record<string, string>; from?: string } = {},
  ): Promise<Answer> {
    const sender = Buffer.from(`${from}.${this.namespace}:`).toString('base64');
    return this.byProxy(service, port, path, { ...headers, 'proxy-authorization': `Basic ${sender}` });
  }

  /** Sends a plain-text request to a Service from outside the mesh. */
  fromOutside(service: string, port: number, path = '/'): Promise<Answer> {
    return this.byProxy(`${service}.${this.namespace}`, port, path, {});
  }

  private byProxy(host: string, port: number, path: string, headers: Record<string, string>): Promise<Answer> {
    return send(`127.0.0.1:${this.lab.egressPort}`, `http://${host}:${port}${path}`, {
      host: `${host}:${port}`,
      ...headers,
    });
  }

  /**
   * A counter of one of a proxy's clusters.
   * @param proxy - workload, or `client`
   * @param cluster - without the domain, e.g. `outbound|8080|v1|reviews`
   */
  async statistic(proxy: string, cluster: string, counter: string): Promise<number> {
    const text = await this.admin(proxy, `/stats?filter=${encodeURIComponent(`${counter}$`)}`);
    const found = text
      .split('\n')
      .filter((line) => line.startsWith(`cluster.${cluster}.`))
      .map((line) => Number(line.split(': ')[1]));
    if (found.length !== 1) throw new Error(`${proxy} has ${found.length} counters ${counter} of cluster ${cluster}`);
    return found[0] ?? NaN;
  }

  /** An admin page of a proxy's Envoy, as text. */
  async admin(proxy: string, path: string): Promise<string> {
    const { admin = 0 } = await this.proxyOf(proxy);
    return (await send(`127.0.0.1:${admin}`, path, {})).body;
  }

  /** The log of a proxy's Envoy, with its access log if the mesh config enables it. */
  async accessLog(proxy: string): Promise<string[]> {
    const { namespace, name } = await this.proxyOf(proxy);
    const file = join(this.lab.stateDir, 'node', 'logs', `${namespace}_${name}_istio-proxy.log`);
    return readFileSync(file, 'utf8').split('\n');
  }

  private async proxyOf(workload: string): Promise<NodePod> {
    const { pods } = await this.status();
    const found = pods.find((pod) => pod.workload === workload && pod.admin !== undefined);
    if (found === undefined) throw new Error(`no proxy of ${workload}`);
    return found;
  }

  async status(): Promise<NodeStatus> {
    return JSON.parse((await send(`127.0.0.1:${this.lab.nodePort}`, '/status', {})).body) as NodeStatus;
  }

  /** The node's metrics in Prometheus' format. */
  async metrics(): Promise<string> {
    return (await send(`127.0.0.1:${this.lab.nodePort}`, '/metrics', {})).body;
  }

  /** Creates or updates an object that is not part of the stack. */
  async apply(object: object): Promise<void> {
    await kubectl(this.lab, ['apply', '-f', '-'], JSON.stringify(object));
  }

  kubectl(...words: string[]): Promise<string> {
    return kubectl(this.lab, words);
  }

  /** Destroys the stack, and returns the objects that are left, without Kubernetes' own. */
  async down(): Promise<string[]> {
    const { succeeded, stderr } = await this.stack.destroy();
    if (!succeeded) throw new Error(`the stack could not be destroyed: ${stderr}`);
    const kinds =
      'namespaces,deployments,services,virtualservices,destinationrules,gateways,peerauthentications,secrets,serviceaccounts';
    const left = await this.kubectl(
      'get',
      kinds,
      '--all-namespaces',
      '--ignore-not-found',
      '--output',
      `jsonpath=${eachObject}`,
    );
    return left.split('\n').filter((line) => line !== '' && !kubernetesOwn.test(line));
  }

  async stop(): Promise<void> {
    await labDown({ root: this.root, log: () => undefined, purge: true });
    await rm(this.root, { recursive: true, force: true });
  }
}

/** One line for each object: kind, namespace, name. */
const eachObject = '{range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\\n"}{end}';
/** Objects that every cluster has. */
const kubernetesOwn =
  /^(\w+ kube-[\w-]+\/.*|Namespace \/(default|kube-[\w-]+)|Service default\/kubernetes|ServiceAccount default\/default)$/;

/** The Deployment of the pod that answered, derived from the pod's name. */
export function workloadOf({ pod }: Answer): string {
  return pod.replace(/-[a-z0-9]+-[a-z0-9]{5}$/, '');
}

function send(address: string, path: string, headers: Record<string, string>): Promise<Answer> {
  const [host = '', port] = address.split(':');
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host, port, path, headers, agent: false, timeout: 30_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const header = (name: string): string => String(response.headers[name] ?? '');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          milliseconds: performance.now() - began,
          pod: header('x-lab-pod').split('/')[1] ?? '',
          caller: /URI=([^;,]+)/.exec(header('x-lab-caller'))?.[1] ?? '',
        });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer from ${address}${path} in 30 s`)));
    sent.on('error', reject);
    sent.end();
  });
}
