import '../../runtime/lazy-sdk-imports';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EngineEvent, LocalWorkspace, PulumiFn, Stack } from '@pulumi/pulumi/automation';
import { parse, stringify } from 'yaml';
import { labApi, type Lab } from '../../cluster/lab';
import { projectRoot, userRoot } from '../../runtime/project-root';
import { asMap } from '../../mesh/json';
import { defined } from '../../mesh/manifests/kubernetes';
import { UserError } from '../errors';
import { commandWords } from './engine-talk';
import { inlineProgram, projectName, projectSettings, type Connection } from './inline-program';
import { failedCreations, forgetReleases, pendingCreations, pendingReleases, removeUnrecorded } from './interrupted';
import { environment, providerProgram, readStackState, stackFolders, unlock, type StackFolders } from './stack-state';

/** What the pulumi command prints when it is cancelled, and how long to wait for that, in milliseconds. */
const cancelMessage = '^C received';
const cancelTimeoutMs = 500;

const policyPack = join(projectRoot, 'policy', 'direct');

export interface RunOptions {
  /** Takes each event of the engine as it comes. */
  onEvent?: (event: EngineEvent) => void;
  /** Cancels the run: the engine finishes what it is doing and starts nothing new. */
  signal?: AbortSignal;
  /** Compare with the cluster first, not only with the state. */
  refresh?: boolean;
  /** Where a preview writes its plan. */
  plan?: string;
}

/** The result of a run of the engine. */
export interface Ran {
  succeeded: boolean;
  /** Whether it was cancelled by the user. */
  cancelled: boolean;
  events: EngineEvent[];
  /** What Pulumi printed to stderr: the only diagnostics of a failure before the engine ran. */
  stderr: string;
}

export interface StackOptions {
  log: (line: string) => void;
  /** Where the project file, the stack file and the state are kept. Defaults to the lab's own folder. */
  folder?: string;
  /** An earlier bundle of the program. Defaults to the program as it is now. */
  code?: string;
}

/** The parts of a lab that a deployment needs. */
export type DeploymentLab = Pick<Lab, 'stateDir' | 'kubeconfig' | 'context' | 'programs'>;

/**
 * This project's program as a stack on a lab. The Automation API runs it in this process, with the policy pack and the providers that `Pulumi.yaml` and the lab name. It writes to
 * one folder only.
 */
export class LabStack {
  private constructor(
    readonly name: string,
    private readonly stack: Stack,
    /** undefined for a stack in the team's own backend. */
    private readonly place: { lab: DeploymentLab; folders: StackFolders } | undefined,
    private readonly base: Record<string, unknown>,
    /** Whether an earlier run was killed: objects that it had begun to create may be in the cluster, but not in the state. */
    readonly isInterrupted: boolean,
    /** The SDK's connections to the engine of a run. */
    private readonly connections: Connection[],
  ) {}

  /**
   * Opens a stack, and creates it when it does not exist yet. Removes the lock of a killed run, and waits for a run
   * that is still active.
   * @throws UserError when Pulumi cannot be run, or the stack cannot be created.
   */
  static async open(lab: DeploymentLab, name: string, { log, folder, code }: StackOptions): Promise<LabStack> {
    const folders = stackFolders(lab, folder);
    const { connections, program } = inline(code);
    for (const made of [folders.backend, join(folders.cli, 'bin')]) mkdirSync(made, { recursive: true });
    link(lab.programs.pulumi, join(folders.cli, 'bin', 'pulumi'));
    link(dirname(lab.programs[providerProgram]), folders.provider);
    const { LocalWorkspace, PulumiCommand } = await import('@pulumi/pulumi/automation/index.js');
    try {
      const stack = await LocalWorkspace.createOrSelectStack(
        { stackName: name, projectName: projectName(), program },
        {
          workDir: folders.folder,
          pulumiHome: join(folders.folder, 'home'),
          pulumiCommand: await PulumiCommand.get({ root: folders.cli }),
          projectSettings: projectSettings(folders.provider),
          envVars: environment(lab, folders),
        },
      );
      await unlock(stack, folders, name, log);
      const state = readStackState(folders, name);
      await forgetReleases(lab, pendingReleases(state));
      const isInterrupted = (state.pending_operations ?? []).length > 0;
      const base = {
        'kubernetes:kubeconfig': lab.kubeconfig,
        'kubernetes:context': lab.context,
        // The interrupted run may have created objects that are not in the state: provider/takeover.ts lets only those be taken over.
        ...(isInterrupted ? { 'kubernetes:upsertExistingObjects': 'true' } : {}),
      };
      return new LabStack(name, withoutQueries(stack), { lab, folders }, base, isInterrupted, connections);
    } catch (error) {
      throw new UserError(`Pulumi cannot open the stack ${name}: ${commandWords(error)}`);
    }
  }

  /**
   * Opens a stack in the team's own backend, with the `pulumi` of PATH. The stack must exist.
   * @param folder - where the project file and a copy of the stack file are written
   * @throws UserError when Pulumi is not installed, or has no such stack
   */
  static async openPulumi(name: string, folder: string, text: string, code?: string): Promise<LabStack> {
    const file = join(folder, `Pulumi.${name.split('/').at(-1) ?? name}.yaml`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
    const { connections, program } = inline(code);
    return LabStack.inBackend(name, connections, (workspace) =>
      workspace.selectStack(
        { stackName: name, projectName: projectName(), program },
        { workDir: folder, projectSettings: projectSettings() },
      ),
    );
  }

  /**
   * Opens a stack of this project in the team's own backend, as `pulumi up` runs it. The stack must exist.
   * @throws UserError when Pulumi is not installed, or has no such stack
   */
  static openProject(name: string): Promise<LabStack> {
    return LabStack.inBackend(name, [], (workspace) => workspace.selectStack({ stackName: name, workDir: userRoot }));
  }

  private static async inBackend(
    name: string,
    connections: Connection[],
    select: (workspace: typeof LocalWorkspace) => Promise<Stack>,
  ): Promise<LabStack> {
    const automation = await import('@pulumi/pulumi/automation/index.js');
    try {
      const stack = withoutQueries(await select(automation.LocalWorkspace));
      return new LabStack(name, stack, undefined, {}, false, connections);
    } catch (error) {
      throw new UserError(`Pulumi cannot open the stack ${name}: ${commandWords(error)}`);
    }
  }

  /** Replaces the stack's configuration. Keys are full names, such as `meshwright:routes`. */
  configure(config: Record<string, unknown>): void {
    // The file also has what Pulumi needs to decrypt the stack's secrets. Without that the state cannot be read again.
    if (this.place === undefined)
      throw new Error('only a stack on the lab is configured here; any other stack has its own stack file');
    const file = join(this.place.folders.folder, `Pulumi.${this.name}.yaml`);
    const written = existsSync(file) ? (parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
    writeFileSync(file, stringify({ ...written, config: { ...this.base, ...config } }, { lineWidth: 0 }));
  }

  preview(options: RunOptions = {}): Promise<Ran> {
    return this.run(options, (settings) => this.stack.preview({ ...settings, policyPacks: [policyPack] }));
  }

  async up(options: RunOptions = {}): Promise<Ran> {
    const started = Date.now();
    const ran = await this.run(options, (settings) => this.stack.up({ ...settings, policyPacks: [policyPack] }));
    await this.settle(ran, started);
    return ran;
  }

  previewDestroy(options: RunOptions = {}): Promise<Ran> {
    return this.run(options, (settings) => this.stack.previewDestroy(settings));
  }

  destroy(options: RunOptions = {}): Promise<Ran> {
    return this.run(options, (settings) => this.stack.destroy(settings));
  }

  /** Removes the stack itself. It must have no resources. */
  async remove(): Promise<void> {
    await this.stack.workspace.removeStack(this.name);
  }

  /**
   * Deletes objects that a run, or a killed one before it, created and that the state does not have. As long as no run
   * has succeeded, the state keeps the creations of killed ones: the next run may finish them.
   * @param started - when the run began, in milliseconds: a creation that was refused leaves an older object alone
   */
  async settle({ succeeded, events }: Ran, started = 0): Promise<void> {
    if (this.place === undefined) return;
    const { lab, folders } = this.place;
    const state = readStackState(folders, this.name);
    const pending = pendingCreations(state);
    const [creations, since] = succeeded ? [pending, 0] : [failedCreations(events), started];
    if (creations.length > 0) await removeUnrecorded(labApi(lab), creations, state, since);
    if (!succeeded || pending.length === 0) return;
    const exported = await this.stack.exportStack();
    await this.stack.importStack({
      ...exported,
      deployment: { ...asMap(exported.deployment), pending_operations: [] },
    });
  }

  /** Access to the state, through Pulumi's Automation API. */
  get pulumi(): Pick<Stack, 'exportStack' | 'importStack'> {
    return this.stack;
  }

  /** The state, as JSON. */
  async state(): Promise<string> {
    return JSON.stringify(await this.stack.exportStack());
  }

  private async run(
    { onEvent, signal, refresh, plan }: RunOptions,
    start: (settings: {
      onEvent: (event: EngineEvent) => void;
      onOutput: (text: string) => void;
      onError: (text: string) => void;
      signal?: AbortSignal;
      refresh?: boolean;
      plan?: string;
    }) => Promise<unknown>,
  ): Promise<Ran> {
    const ran: Ran = { succeeded: true, cancelled: false, events: [], stderr: '' };
    const cancel = new AbortController();
    let heard = false;
    const listen = (text: string): void => {
      heard ||= text.includes(cancelMessage);
    };
    signal?.addEventListener('abort', () => {
      ran.cancelled = true;
      // A terminal sends Ctrl-C to Pulumi's command too, and the second one would end it at once.
      setTimeout(() => {
        if (!heard) cancel.abort();
      }, cancelTimeoutMs);
    });
    try {
      await start({
        onEvent: (event) => {
          ran.events.push(event);
          onEvent?.(event);
        },
        onOutput: listen,
        onError: (text) => {
          listen(text);
          ran.stderr += text;
        },
        signal: cancel.signal,
        ...defined({ refresh, plan }),
      });
    } catch (error) {
      ran.succeeded = false;
      if (ran.stderr === '') ran.stderr = commandWords(error);
    } finally {
      // gRPC would try forever to reach the engine that has ended. The next engine may get its port, and a new connection
      // to that port would count as broken, too.
      for (const connection of this.connections.splice(0)) connection.close();
    }
    return ran;
  }
}

/**
 * The Automation API reads outputs and history after each run, which starts Pulumi's command three more times; both are
 * unused here.
 */
function withoutQueries(stack: Stack): Stack {
  return Object.assign(stack, { outputs: () => Promise.resolve({}), info: () => Promise.resolve(undefined) });
}

function link(target: string, path: string): void {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

/** The program for runs in this process, and the connections that they open. */
function inline(code?: string): { connections: Connection[]; program: PulumiFn } {
  const connections: Connection[] = [];
  return { connections, program: () => Promise.resolve(inlineProgram(connections, code)) };
}
