import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineEvent, Stack } from '@pulumi/pulumi/automation';
import { KubernetesApi } from '../../../../cluster/api';
import { adoptObjects, plannedAdoption } from '../../../../cli/start/adopt';
import { previewed } from '../../../../cli/start/deploy';
import { planOf, planText } from '../../../../cli/start/plan';
import { LabStack, type DeploymentLab, type Ran as EngineRan } from '../../../../cli/start/lab-stack';
import { releaseState } from '../../../../cli/start/release-state';
import { words } from './words';

export type Operation = 'preview' | 'up' | 'destroy';

export interface Ran {
  succeeded: boolean;
  /** All messages, including the findings of the policy pack. */
  output: string;
  events: EngineEvent[];
  /** The changes of the run, in the words of `meshwright start`. */
  plan: string;
}

/** A run in a separate process. */
export interface Begun {
  /** Kills the process with Pulumi and its providers, like `kill -9`. */
  kill(): void;
  /** Waits until its output matches, or it has ended. */
  said(pattern: RegExp): Promise<void>;
  /** Exit code 0 for a run that succeeded; null for one that was killed. */
  ended: Promise<{ status: number | null; output: string }>;
}

/** One step of an update, in the order in which the engine took and finished them. */
export interface Step {
  /** Kind and name of the resource, e.g. `VirtualService bookinfo-reviews`. */
  name: string;
  op: string;
  event: 'starts' | 'ends';
}

/** A resource in the state, as far as tests edit it. */
export interface StateResource {
  urn: string;
  id?: string;
  type: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  [key: string]: unknown;
}

/** Input of a child process. */
export interface ChildTask {
  lab: DeploymentLab;
  name: string;
  folder: string;
  operation: Operation;
  config: Record<string, unknown>;
}

/** This project's program as its own stack, in a temporary folder, against a lab. */
export class RealStack {
  private readonly folder = mkdtempSync(join(tmpdir(), 'meshwright-pulumi-'));
  private config: Record<string, unknown> = {};
  private children = 0;

  /** @param name - name of the stack; stacks with different names do not share objects */
  constructor(
    private readonly lab: DeploymentLab,
    private readonly name = 'real',
  ) {}

  /** Replaces the stack's configuration. */
  configure(config: Record<string, unknown>): void {
    this.config = config;
  }

  settings(): Record<string, unknown> {
    return this.config;
  }

  /** Runs the engine in this process. */
  async run(operation: Operation, options: { refresh?: boolean } = {}): Promise<Ran> {
    const opened = await LabStack.open(this.lab, this.name, { log: () => undefined, folder: this.folder });
    opened.configure(this.config);
    const ran = await opened[operation](options);
    return { succeeded: ran.succeeded, output: outputOf(ran), events: ran.events, plan: planText(planOf(ran.events)) };
  }

  /**
   * Runs an update in this process, and returns the steps that changed something.
   * @throws Error with the messages when it fails
   */
  async up(options: { refresh?: boolean } = {}): Promise<Step[]> {
    const { succeeded, output, events } = await this.run('up', options);
    if (!succeeded) throw new Error(output);
    return stepsOf(events);
  }

  /**
   * Updates only some resources, as `pulumi up --target` does, and returns the steps that changed something.
   * @param target - URNs of the resources
   */
  async upOnly(target: string[]): Promise<Step[]> {
    const opened = await LabStack.open(this.lab, this.name, { log: () => undefined, folder: this.folder });
    opened.configure(this.config);
    const events: EngineEvent[] = [];
    await (opened.pulumi as Stack).up({ target, onEvent: (event) => events.push(event) });
    return stepsOf(events);
  }

  /** Runs the engine in a separate process, for tests that do something meanwhile or kill it. */
  begin(operation: Operation): Begun {
    const task = join(this.folder, `task-${++this.children}.json`);
    const { stateDir, kubeconfig, context, programs } = this.lab;
    const told: ChildTask = {
      lab: { stateDir, kubeconfig, context, programs },
      name: this.name,
      folder: this.folder,
      operation,
      config: this.config,
    };
    writeFileSync(task, JSON.stringify(told));
    const child = spawn(process.execPath, ['-r', 'tsx/cjs', join(__dirname, 'stack-child.ts'), task], {
      detached: true,
    });
    const chunks: Buffer[] = [];
    const output = (): string => Buffer.concat(chunks).toString('utf8');
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return {
      kill: () => {
        // Providers have their own process groups, but are in the session of the process that started the run.
        if (child.pid !== undefined && child.exitCode === null) killSession(child.pid);
      },
      ended: new Promise((resolve) => {
        child.once('close', (status) => resolve({ status, output: output() }));
      }),
      said: (pattern) =>
        new Promise((resolve) => {
          const look = (): void => {
            if (pattern.test(output())) resolve();
          };
          for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
          child.once('close', () => resolve());
          look();
        }),
    };
  }

  /** Empties the state, and leaves the cluster alone. Returns what was printed. */
  async release(): Promise<string> {
    const opened = await LabStack.open(this.lab, this.name, { log: () => undefined, folder: this.folder });
    let printed = '';
    const print = (text: string): void => void (printed += text);
    await releaseState(this.name, opened.pulumi, { print, confirm: () => Promise.resolve(true) });
    return printed;
  }

  /** Records the existing objects that are as stated. Returns what was printed. */
  async adopt(): Promise<string> {
    const opened = await LabStack.open(this.lab, this.name, { log: () => undefined, folder: this.folder });
    opened.configure(this.config);
    const open = () =>
      Promise.resolve(KubernetesApi.open({ kubeconfig: this.lab.kubeconfig, context: this.lab.context }));
    const log = (): void => undefined;
    const { adoption } = await plannedAdoption((plan) => previewed(opened, { log, plan }), open);
    let printed = '';
    const print = (text: string): void => void (printed += text);
    await adoptObjects(opened, adoption, { print, confirm: () => Promise.resolve(true) });
    return printed;
  }

  /** The state as JSON. */
  async state(): Promise<string> {
    return (await LabStack.open(this.lab, this.name, { log: () => undefined, folder: this.folder })).state();
  }

  /** Replaces the resources of the state. */
  editState(change: (resources: StateResource[]) => StateResource[]): void {
    const file = join(this.folder, 'backend', '.pulumi', 'stacks', 'meshwright', `${this.name}.json`);
    const state = JSON.parse(readFileSync(file, 'utf8')) as { checkpoint: { latest: { resources: StateResource[] } } };
    state.checkpoint.latest.resources = change(state.checkpoint.latest.resources);
    writeFileSync(file, JSON.stringify(state));
  }

  /** The resources in the state, in its order. */
  async resources(): Promise<StateResource[]> {
    const { deployment } = JSON.parse(await this.state()) as { deployment: { resources?: StateResource[] } };
    return deployment.resources ?? [];
  }

  /** Types of the resources in the state, in its order. */
  async types(): Promise<string[]> {
    return (await this.resources()).map(({ type }) => type);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function killSession(session: number): void {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,sess='], { encoding: 'utf8' });
  const processes = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  const all = processes.filter(([, of]) => of === String(session)).map(([pid = '']) => pid);
  spawnSync('kill', ['-KILL', ...all]);
}

function outputOf({ events, stderr }: EngineRan): string {
  return [...events.flatMap(words), stderr].join('\n');
}

function stepsOf(events: readonly EngineEvent[]): Step[] {
  return events.flatMap(({ resourcePreEvent, resOutputsEvent }): Step[] => {
    const metadata = resourcePreEvent?.metadata ?? resOutputsEvent?.metadata;
    if (metadata === undefined || metadata.op === 'same' || metadata.op === 'read') return [];
    const [, , types = '', ...name] = metadata.urn.split('::');
    const kind = types.split(/[:$]/).at(-1) ?? '';
    return [
      {
        name: `${kind} ${name.join('::')}`,
        op: metadata.op,
        event: resourcePreEvent === undefined ? 'ends' : 'starts',
      },
    ];
  });
}
