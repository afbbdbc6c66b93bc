import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stackValue } from '../../../config/edit';
import { routeNames } from '../../../mesh/manifests/routes';
import type { RouteSettings } from '../../../mesh/manifests/settings';
import { labDown, labStatus, labUp, processTable, type Lab } from '../../../cluster/lab';
import { nodeStatus } from '../../../cli/traffic/lab-node';
import { startShift } from '../../../cli/shift/follow';
import { deployerOf, type Deploy } from '../../../cli/shift/deployer';
import { recordLive } from '../../../cli/shift/history';
import { Store } from '../../../cli/shift/store';
import { hasEnded, type Journal } from '../../../cli/shift/journal';
import { readFigures } from '../../../cli/shift/metrics';
import { defaultOptions, type ShiftOptions } from '../../../cli/shift/options';
import { runTick, type Surroundings } from '../../../cli/shift/run';
import type { Session } from '../../../cli/shift/session';
import { readStackState, stackFolders } from '../../../cli/start/stack-state';
import { asMap } from '../../../mesh/json';
import { labApi } from '../../../cluster/lab';

const hello = (version: string, env: Record<string, string> = {}): string =>
  `        hello-${version}: { image: example.com/hello-server:1, labels: { app: hello, version: ${version} }, ports: [{ containerPort: 8080 }], env: ${JSON.stringify({ VERSION: version, ...env })} }`;

/** The namespace shop, with versions 1 and 2 of hello and more workloads, and these services. */
export const shopApp = (workloads: readonly string[], services: readonly string[]): string =>
  `  meshwright:namespaces: { shop: { injection: true } }
  meshwright:apps:
    shop:
      namespace: shop
      workloads:
${[hello('v1'), hello('v2'), ...workloads].join('\n')}
      services:
${services.map((service) => `        ${service}`).join('\n')}`;

/** v1 and v2 are good, v3 fails 5 % of its requests, v4 takes 60 ms. */
const shopStack = `# a shop
config:
  meshwright:istio: {}
  meshwright:gateways:
    istio-ingressgateway:
      service: { type: NodePort }
      gateways: { shop: { edge: {} } }
${shopApp(
  [
    hello('v3', { RANDOM_ERROR: '0.05' }),
    '        hello-v4: { image: example.com/httpbin:1, labels: { app: hello, version: v4 }, ports: [{ containerPort: 8080 }] }',
  ],
  [
    'hello: { ports: [{ name: http, port: 8080 }] }',
    'till: { ports: [{ name: http, port: 8080 }], selector: { app: hello } }',
  ],
)}
  meshwright:routes:
    shop:
      hello: # the service that is shifted
        gateways: [edge]
        hosts: ['*']
        versions: [v1, v2, v3, v4]
        weights: # percent
          v1: rest
          v2: 0
        http: [{ retries: { attempts: 0 } }]
      till:
        versions: [v1, v2, v4]
        weights: { v1: 100 }
`;

const checkout = resolve(__dirname, '..', '..', '..');
const copied = [
  ...['cli', 'cluster', 'components', 'config', 'mesh', 'policy', 'provider', 'runtime', 'samples', 'index.ts'],
  ...['program.js', 'package.json', 'package-lock.json', 'Pulumi.yaml', 'tsconfig.json'],
];

/** A copy of the project, whose program may be broken. */
function copyOfProject(): string {
  const root = mkdtempSync(join(tmpdir(), 'meshwright-shift-'));
  // With their times, so that the cache of bundles is valid.
  for (const part of copied)
    cpSync(join(checkout, part), join(root, part), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'));
  return root;
}

/** A stack on its own lab in a copy of the project, and the file that a shift edits. */
export class ShiftStage {
  private constructor(
    /** The copy of the project. */
    readonly root: string,
    readonly lab: Lab,
    readonly session: Session,
    readonly prometheus: string,
  ) {
    this.deploy = deployerOf(session);
  }

  /**
   * @param skip - called when the lab has no Envoy; then there is no stage, unless it throws
   */
  static async start(skip: () => void, text = shopStack): Promise<ShiftStage | undefined> {
    const root = copyOfProject();
    const log = (line: string): void => console.log(`    ${line}`);
    const lab = await labUp({ root, log });
    if (lab.noEnvoy !== undefined) {
      console.log(`    skipped: ${lab.noEnvoy}`);
      await labDown({ root, log, purge: true });
      skip();
      return undefined;
    }
    const file = join(root, 'Pulumi.shop.yaml');
    writeFileSync(file, text);
    const { processes } = await labStatus({ root });
    const port = processes.find(({ name }) => name === 'prometheus')?.port ?? 0;
    const routes = stackValue(text, ['routes']) as Record<string, Record<string, RouteSettings>>;
    const session = {
      file,
      name: 'shop',
      store: new Store(file, 'shop'),
      isLab: true,
      labRoot: root,
      routes,
      rollouts: [],
    };
    const stage = new ShiftStage(root, lab, session, `http://127.0.0.1:${port}`);
    const first = await stage.deploy(text, { isBack: false, routes: routeNames(routes) });
    if (first.state === 'live') return stage;
    await stage.stop();
    throw new Error(first.why);
  }

  get text(): string {
    return readFileSync(this.session.file, 'utf8');
  }

  readonly original = shopStack;

  /** Deploys the original file, unless a shift has gone back to it. */
  async reset(): Promise<void> {
    const journal = this.latest();
    // A test that failed must not keep the next one from starting.
    if (journal !== undefined && !hasEnded(journal)) this.session.store.write({ ...journal, phase: 'aborted' });
    if (this.text === shopStack) return;
    await this.up(shopStack);
  }

  private readonly deploy: Deploy;

  /** Updates the stack, by default without a preview. */
  async up(text: string, preview = false): Promise<void> {
    writeFileSync(this.session.file, text);
    const result = await this.deploy(text, { isBack: true, routes: ['shop/hello'], preview });
    if (result.state !== 'live') throw new Error(result.why);
    this.recordLive();
  }

  edit(from: string, to: string): void {
    writeFileSync(this.session.file, this.text.replace(from, to));
  }

  /** The program as it is in the checkout. */
  repair(): void {
    cpSync(join(checkout, 'index.ts'), join(this.root, 'index.ts'), { preserveTimestamps: true });
  }

  /** Remembers that the stack file is live. */
  recordLive(): void {
    recordLive(this.session.store, this.text, ['shop/hello'], Date.now());
  }

  /** The last shift of the service. */
  latest(): Journal | undefined {
    return this.session.store.latest('shop/hello');
  }

  /** What the stack's outputs say about the last shift of the service. */
  shiftOutput(): unknown {
    const { resources = [] } = readStackState(stackFolders(this.lab), 'shop');
    const outputs = resources.find(({ type }) => type === 'pulumi:pulumi:Stack')?.outputs ?? {};
    return asMap(outputs['shifts'])['shop/hello'];
  }

  surroundings(): Surroundings {
    const { session } = this;
    const deploy = deployerOf(session);
    return {
      file: session.file,
      store: session.store,
      now: Date.now,
      deploy: (text, options) => {
        this.updates++;
        return deploy(text, options);
      },
      figures: readFigures,
      report: (journal) => {
        const entry = journal.log.at(-1);
        if (entry !== undefined && entry.at !== this.last?.at)
          console.log(`      ${journal.steps[entry.step]?.label ?? ''}: ${entry.text}`);
        this.last = entry;
      },
      commit: () => undefined,
    };
  }

  /** Updates of the cluster until now. */
  updates = 0;

  private last: Journal['log'][number] | undefined;

  /** Starts a shift; without metrics if it is timed only. */
  begin(
    target: Record<string, number>,
    options: Partial<Omit<ShiftOptions, 'prometheus'>> & { isTimed?: boolean } = {},
    routes: readonly string[] = ['shop/hello'],
  ): Promise<Journal> {
    const { isTimed = false, ...given } = options;
    const set = { ...defaultOptions, minRequests: 20, every: 12_000, ...given };
    const metrics = isTimed ? {} : { prometheus: this.prometheus };
    return startShift(this.session, routes, target, { ...set, ...metrics });
  }

  /**
   * Ticks until the shift has ended or has stopped.
   * @param ticked - takes the milliseconds of each tick, and whether it updated the cluster
   */
  async follow(
    { id }: Journal,
    until: (journal: Journal) => boolean = () => false,
    ticked: (milliseconds: number, isUpdate: boolean) => void = () => undefined,
  ): Promise<Journal> {
    const surroundings = this.surroundings();
    for (;;) {
      const [began, before] = [performance.now(), this.updates];
      const { journal } = await runTick(id, surroundings);
      ticked(performance.now() - began, this.updates > before);
      if (hasEnded(journal) || journal.phase === 'stopped' || until(journal)) return journal;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  async gateway(): Promise<string> {
    const status = await nodeStatus(this.lab);
    const found = status?.nodePorts.find(({ service, port }) => service === 'istio-ingressgateway' && port === 80);
    if (found === undefined) throw new Error('the gateway has no node port');
    return found.address;
  }

  /** The weights of the VirtualService in the API server, by subset. */
  async clusterWeights(name = 'hello'): Promise<Record<string, number>> {
    const object = await labApi(this.lab).get({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { namespace: 'shop', name },
    });
    const { http = [] } = (object?.spec ?? {}) as {
      http?: { route: { destination: { subset: string }; weight?: number }[] }[];
    };
    const route = http.at(-1)?.route ?? [];
    return Object.fromEntries(route.map(({ destination, weight }) => [destination.subset, weight ?? 100]));
  }

  async kill(program: string): Promise<void> {
    const processes = (await processTable()).filter(
      ({ commandLine }) =>
        commandLine.split(' ')[0]?.endsWith(`/${program}`) === true && commandLine.includes(this.root),
    );
    if (processes.length !== 1) throw new Error(`${processes.length} processes ${program}`);
    for (const { pid } of processes) process.kill(pid, 'SIGKILL');
  }

  /** Starts what does not run. */
  async restart(): Promise<void> {
    await labUp({ root: this.root, log: () => undefined });
  }

  async stop(): Promise<void> {
    await labDown({ root: this.root, log: () => undefined, purge: true });
    rmSync(this.root, { recursive: true, force: true });
  }
}
