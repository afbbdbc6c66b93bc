import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stackValue } from '../../../config/edit';
import type { RouteSettings } from '../../../mesh/manifests/settings';
import type { Deployed } from '../../../cli/shift/deployer';
import type { Figures, Reading } from '../../../cli/shift/gates';
import { newJournal, type Journal } from '../../../cli/shift/journal';
import { MetricsError } from '../../../cli/shift/metrics';
import { defaultOptions, type ShiftOptions } from '../../../cli/shift/options';
import { runTick, type Surroundings } from '../../../cli/shift/run';
import { stepsOf } from '../../../cli/shift/steps';
import { Store } from '../../../cli/shift/store';

export const stackText = `# the stack
config:
  meshwright:namespaces: { shop: { injection: true } }
  meshwright:apps:
    shop:
      namespace: shop
      workloads:
        cart-v1: { image: cart, labels: { app: cart, version: v1 }, ports: [{ containerPort: 8080 }] }
        cart-v2: { image: cart, labels: { app: cart, version: v2 }, ports: [{ containerPort: 8080 }] }
        till-v1: { image: till, labels: { app: till, version: v1 }, ports: [{ containerPort: 8080 }] }
        till-v2: { image: till, labels: { app: till, version: v2 }, ports: [{ containerPort: 8080 }] }
      services:
        cart: { ports: [{ name: http, port: 8080 }] }
        till: { ports: [{ name: http, port: 8080 }] }
  meshwright:routes:
    shop:
      cart: # the cart
        versions: [v1, v2]
        weights:
          v1: rest # stable
          v2: 0 # canary
      till:
        versions: [v1, v2]
        weights: { v1: 100 }
`;

/** A crash of the process, at a call of the surroundings. */
export class Killed extends Error {}

/** A stack file in a folder, with a cluster, metrics and a clock that are variables. */
export class Rig {
  readonly folder = mkdtempSync(join(tmpdir(), 'meshwright-shift-'));
  readonly file = join(this.folder, 'Pulumi.dev.yaml');
  readonly store = new Store(this.file, 'dev');
  time = 1_000_000;
  /** Text of the stack file that the cluster has. */
  cluster: string;
  deployments: string[] = [];
  commits: string[] = [];
  results: Deployed[] = [];
  canary: Reading | 'unreachable' = { requests: 1000, failed: 0, p99: 10 };
  stable: Reading = { requests: 1000, failed: 0, p99: 10 };
  /** Calls until the process is killed. */
  killIn = Infinity;

  constructor(text = stackText) {
    writeFileSync(this.file, text);
    this.cluster = text;
  }

  get text(): string {
    return readFileSync(this.file, 'utf8');
  }

  edit(from: string, to: string): void {
    writeFileSync(this.file, this.text.replace(from, to));
  }

  start(
    options: Partial<ShiftOptions> = {},
    routes = ['shop/cart'],
    target: Record<string, number> = { v2: 100 },
    id = 'one',
  ): string {
    const all = { ...defaultOptions, prometheus: 'http://prometheus', ...options };
    const chosen = routes.map((name) => ({
      name,
      settings: stackValue(this.text, ['routes', ...name.split('/')]) as RouteSettings,
    }));
    const settings = Object.fromEntries(chosen.map((one) => [one.name, one.settings]));
    const steps = stepsOf(chosen, target, all);
    this.store.write(newJournal(this.time, { id, stack: 'dev', routes, settings, target, options: all, steps }));
    return id;
  }

  get surroundings(): Surroundings {
    const life = (): void => {
      if (--this.killIn < 0) throw new Killed();
    };
    const { store } = this;
    return {
      file: this.file,
      store,
      now: () => {
        life();
        return this.time;
      },
      deploy: (text) => {
        life();
        const result = this.results.shift() ?? { state: 'live', proof: 'live on 2 of 2 proxies' };
        if (result.state === 'live') this.cluster = text;
        this.deployments.push(JSON.stringify(stackValue(text, ['routes', 'shop', 'cart', 'weights'])));
        life();
        return Promise.resolve(result);
      },
      figures: (journal): Promise<Figures> => {
        life();
        if (this.canary === 'unreachable') return Promise.reject(new MetricsError('Prometheus does not answer'));
        const { canary, stable } = this;
        return Promise.resolve({
          routes: journal.routes.map((route) => ({ route, canary, stable })),
          queries: [],
          webhooks: [],
        });
      },
      report: life,
      commit: (message) => this.commits.push(message),
    };
  }

  async tick(id = 'one'): Promise<Journal> {
    return (await runTick(id, this.surroundings)).journal;
  }

  /** Ticks a minute apart until the shift waits for a command or has ended. */
  async run(limit = 40): Promise<Journal> {
    for (let turn = 0; turn < limit; turn++) {
      const journal = await this.tick();
      if (!['measuring', 'applying'].includes(journal.phase)) return journal;
      this.time += 60_000;
    }
    throw new Error('the shift does not end');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
