import '../../runtime/later';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResourceTransformationArgs, ResourceTransformationResult } from '@pulumi/pulumi';
import type { EngineEvent, ProjectSettings, Stack } from '@pulumi/pulumi/automation';
import { parse, stringify } from 'yaml';
import type { Lab } from '../../cluster/lab';
import { ApiServer } from '../../cluster/lab/api';
import { processTable } from '../../cluster/lab/processes';
import { checkout } from '../../runtime/checkout';
import { UserError } from '../errors';

/** Between two looks at a lock that another run holds, in milliseconds. */
const lockPause = 500;
/** How Pulumi's command says that it has been told to cancel, and how long it gets, in milliseconds, to say so. */
const cancelWords = '^C received';
const cancelPause = 500;

/** Not by the bundler, which would make one file of it and the command. */
const load = createRequire(join(checkout, 'cli', 'main.js'));

const providerProgram = 'pulumi-resource-kubernetes';

/** Type of a Helm release in a state. */
export const releaseType = 'kubernetes:helm.sh/v3:Release';

const policyPack = join(checkout, 'policy', 'direct');

export interface RunOptions {
  /** Takes each event of the engine as it comes. */
  onEvent?: (event: EngineEvent) => void;
  /** Cancels the run: the engine finishes what it is doing and starts nothing new. */
  signal?: AbortSignal;
  /** Compare with the cluster first, not only with the state. */
  refresh?: boolean;
}

/** What a run of the engine came to. */
export interface Ran {
  succeeded: boolean;
  /** Whether it was cancelled by the user. */
  cancelled: boolean;
  events: EngineEvent[];
  /** What Pulumi printed to stderr: of a failure before the engine ran, all that is known. */
  stderr: string;
}

export interface StackOptions {
  log: (line: string) => void;
  /** Where the project file, the stack file and the state are kept. Defaults to the lab's own folder. */
  folder?: string;
}

/** What a lab offers to a deployment. */
export type DeploymentLab = Pick<Lab, 'stateDir' | 'kubeconfig' | 'context' | 'programs'>;

/**
 * This project's program as a stack on a lab. Pulumi's engine runs it in this process by the Automation API, with the policy pack and the providers that `Pulumi.yaml` and the lab name. Nothing outside of
 * one folder is written.
 */
export class LabStack {
  private constructor(
    readonly name: string,
    private readonly stack: Stack,
    private readonly file: string,
    private readonly base: Record<string, unknown>,
    /** Whether an earlier run was killed: what it had begun is in the cluster, but not known to be. */
    readonly isInterrupted: boolean,
  ) {}

  /**
   * Opens a stack, and creates it when it does not exist yet. A lock that a killed run left is removed; a run that still goes on is waited for.
   * @throws UserError when Pulumi cannot be run, or the stack cannot be created.
   */
  static async open(lab: DeploymentLab, name: string, { log, folder }: StackOptions): Promise<LabStack> {
    const place = placeOf(lab, folder);
    for (const made of [place.backend, join(place.cli, 'bin')]) mkdirSync(made, { recursive: true });
    link(lab.programs.pulumi, join(place.cli, 'bin', 'pulumi'));
    link(dirname(lab.programs[providerProgram]), place.provider);
    const { LocalWorkspace, PulumiCommand } = await import('@pulumi/pulumi/automation/index.js');
    try {
      const stack = await LocalWorkspace.createOrSelectStack(
        { stackName: name, projectName: projectName(), program: () => Promise.resolve(program()) },
        {
          workDir: place.folder,
          pulumiHome: join(place.folder, 'home'),
          pulumiCommand: await PulumiCommand.get({ root: place.cli }),
          projectSettings: projectSettings(place.provider),
          envVars: environment(lab, place),
        },
      );
      await unlock(stack, place, name, log);
      const state = readState(stateFile(place, name));
      await forgetReleases(lab, pendingReleases(state));
      const base = { 'kubernetes:kubeconfig': lab.kubeconfig, 'kubernetes:context': lab.context };
      const isInterrupted = (state.pending_operations ?? []).length > 0;
      return new LabStack(name, stack, join(place.folder, `Pulumi.${name}.yaml`), base, isInterrupted);
    } catch (error) {
      throw new UserError(`Pulumi cannot open the stack ${name}: ${commandWords(error)}`);
    }
  }

  /** Replaces the stack's configuration. Keys are full names, such as `meshwright:routes`. */
  configure(config: Record<string, unknown>): void {
    // Pulumi keeps in this file what it encrypts the stack's secrets with: without it the state cannot be read again.
    const written = existsSync(this.file) ? (parse(readFileSync(this.file, 'utf8')) as Record<string, unknown>) : {};
    writeFileSync(this.file, stringify({ ...written, config: { ...this.base, ...config } }, { lineWidth: 0 }));
  }

  preview(options: RunOptions = {}): Promise<Ran> {
    return this.run(options, (settings) => this.stack.preview({ ...settings, policyPacks: [policyPack] }));
  }

  up(options: RunOptions = {}): Promise<Ran> {
    return this.run(options, (settings) => this.stack.up({ ...settings, policyPacks: [policyPack] }));
  }

  previewDestroy(options: RunOptions = {}): Promise<Ran> {
    return this.run(options, (settings) => this.stack.previewDestroy(settings));
  }

  destroy(options: RunOptions = {}): Promise<Ran> {
    return this.run(options, (settings) => this.stack.destroy(settings));
  }

  /** Removes the stack itself, which must have no resources any more. */
  async remove(): Promise<void> {
    await this.stack.workspace.removeStack(this.name);
  }

  /** The state, as JSON text. */
  async state(): Promise<string> {
    return JSON.stringify(await this.stack.exportStack());
  }

  private async run(
    { onEvent, signal, refresh }: RunOptions,
    start: (settings: {
      onEvent: (event: EngineEvent) => void;
      onOutput: (text: string) => void;
      onError: (text: string) => void;
      signal?: AbortSignal;
      refresh?: boolean;
    }) => Promise<unknown>,
  ): Promise<Ran> {
    const ran: Ran = { succeeded: true, cancelled: false, events: [], stderr: '' };
    const cancel = new AbortController();
    let heard = false;
    const listen = (text: string): void => {
      heard ||= text.includes(cancelWords);
    };
    signal?.addEventListener('abort', () => {
      ran.cancelled = true;
      // A terminal sends Ctrl-C to Pulumi's command too, and the second one would end it at once.
      setTimeout(() => {
        if (!heard) cancel.abort();
      }, cancelPause);
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
        ...(refresh === undefined ? {} : { refresh }),
      });
    } catch (error) {
      ran.succeeded = false;
      if (ran.stderr === '') ran.stderr = commandWords(error);
    }
    return ran;
  }
}

/** A resource in the state of a stack, as far as it is used here. */
export interface StateResource {
  type: string;
  inputs?: Record<string, unknown>;
}

/** The state of a stack, as the backend's file has it. */
interface State {
  resources?: StateResource[];
  /** What a run had begun when it was killed. */
  pending_operations?: { type: string; resource: StateResource }[];
}

/** The resources that each stack on a lab has, by the stack's name. Reads files only. */
export function deployedStacks(lab: Pick<Lab, 'stateDir'>): Map<string, StateResource[]> {
  const folder = dirname(stateFile(placeOf(lab), ''));
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const stacks = files.map((file): [string, StateResource[]] => {
    const { resources = [], pending_operations: pending = [] } = readState(join(folder, file));
    return [file.slice(0, -'.json'.length), [...resources, ...pending.map(({ resource }) => resource)]];
  });
  return new Map(stacks.filter(([, resources]) => resources.length > 0));
}

function stateFile({ backend }: Place, name: string): string {
  return join(backend, '.pulumi', 'stacks', projectName(), `${name}.json`);
}

function readState(file: string): State {
  if (!existsSync(file)) return {};
  const { checkpoint } = JSON.parse(readFileSync(file, 'utf8')) as { checkpoint?: { latest?: State | null } };
  return checkpoint?.latest ?? {};
}

/** A Helm release that a killed run was installing or changing. */
export interface PendingRelease {
  namespace: string;
  name: string;
  /** Whether the release was new. */
  isNew: boolean;
}

/** The Helm releases that a killed run had begun, by the state that it left. */
export function pendingReleases({ pending_operations: pending = [] }: State): PendingRelease[] {
  return pending
    .filter(({ resource }) => resource.type === releaseType)
    .map(({ type, resource: { inputs = {} } }) => ({
      namespace: String(inputs['namespace']),
      name: String(inputs['name']),
      isNew: type === 'creating',
    }));
}

/**
 * Deletes Helm's notes of installs and upgrades that were killed: Helm would refuse the next one, as if they still went on. What they have made stays, and the next install or upgrade takes it over. Of a new
 * release all notes go, since Pulumi does not know that it was finished.
 */
async function forgetReleases(lab: DeploymentLab, pending: readonly PendingRelease[]): Promise<void> {
  if (pending.length === 0) return;
  const api = ApiServer.of(lab);
  const secrets = (await api.kinds()).get('Secret');
  if (secrets === undefined) return;
  for (const { namespace, name, isNew } of pending) {
    const notes = await api.list(secrets, { namespace, labelSelector: `owner=helm,name=${name}` });
    const unfinished = notes.filter(
      ({ metadata }) => isNew || metadata.labels?.['status']?.startsWith('pending-') === true,
    );
    for (const note of unfinished) await api.remove(note);
  }
}

interface Place {
  folder: string;
  backend: string;
  /** Folder with Pulumi's command under `bin`, as the Automation API takes it. */
  cli: string;
  /** Folder with the Kubernetes provider, whose processes are known by it. */
  provider: string;
}

function placeOf({ stateDir }: Pick<Lab, 'stateDir'>, folder = join(stateDir, 'pulumi')): Place {
  return { folder, backend: join(folder, 'backend'), cli: join(folder, 'cli'), provider: join(folder, 'provider') };
}

function link(target: string, path: string): void {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

/** The program runs anew for each preview and update. */
function program(): Record<string, unknown> {
  const pulumi = load('@pulumi/pulumi') as typeof import('@pulumi/pulumi');
  pulumi.runtime.registerStackTransformation(withoutAwait);
  const started = process.cwd();
  // Paths in a stack file are relative to the project, as Pulumi's command has it.
  process.chdir(checkout);
  try {
    const loader = load('../runtime/load') as { load: (module: object, folder: string, entry: string) => unknown };
    return loader.load({ exports: {} }, checkout, 'index') as Record<string, unknown>;
  } finally {
    process.chdir(started);
  }
}

/**
 * Has the Kubernetes provider not wait for what takes no part in the lab: nothing there gives an Ingress an address, and a Service is fit for use as soon as its workload is, which is waited for by itself.
 */
function withoutAwait({ type, props, opts }: ResourceTransformationArgs): ResourceTransformationResult | undefined {
  if (!/^kubernetes:(?:core\/v1:Service|networking\.k8s\.io\/v1:Ingress)$/.test(type)) return undefined;
  const { metadata } = props as { metadata?: { annotations?: Record<string, string> } };
  const annotations = { 'pulumi.com/skipAwait': 'true', ...metadata?.annotations };
  return { props: { ...props, metadata: { ...metadata, annotations } }, opts };
}

interface ProjectFile extends ProjectSettings {
  plugins?: Record<string, { name: string; path: string }[]>;
}

function readProject(): ProjectFile {
  return parse(readFileSync(join(checkout, 'Pulumi.yaml'), 'utf8')) as ProjectFile;
}

function projectName(): string {
  return readProject().name;
}

/**
 * `Pulumi.yaml` with absolute paths, and with a Kubernetes provider.
 * @param provider - folder that holds it
 */
export function projectSettings(provider: string): ProjectSettings {
  const { plugins = {}, ...file } = readProject();
  const own = Object.entries(plugins).map(([kind, list]) => [
    kind,
    list.map((plugin) => ({ ...plugin, path: join(checkout, plugin.path) })),
  ]);
  const { providers = [], ...others } = Object.fromEntries(own) as NonNullable<ProjectFile['plugins']>;
  const project: ProjectFile = {
    ...file,
    // Working directory of the providers: paths of charts are relative to it.
    main: checkout,
    plugins: { ...others, providers: [...providers, { name: 'kubernetes', path: provider }] },
  };
  return project;
}

function environment({ kubeconfig }: Pick<Lab, 'kubeconfig'>, { folder, backend }: Place): Record<string, string> {
  const helm = join(folder, 'helm');
  return {
    KUBECONFIG: kubeconfig,
    // Without the second file that Pulumi otherwise writes beside each state: a kill can cut it short.
    PULUMI_BACKEND_URL: `file://${backend}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE: '',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    // Helm's files, which it otherwise keeps in the home directory.
    HELM_CACHE_HOME: join(helm, 'cache'),
    HELM_CONFIG_HOME: join(helm, 'config'),
    HELM_DATA_HOME: join(helm, 'data'),
  };
}

/** Removes the lock of a run that was killed, and waits for a run that goes on: of a killed `npm start`, Pulumi's command may still be ending. */
async function unlock(
  stack: Stack,
  { backend, provider }: Place,
  name: string,
  log: (line: string) => void,
): Promise<void> {
  const locks = join(backend, '.pulumi', 'locks', 'organization', projectName(), name);
  for (let told = false; ; told = true) {
    const holders = lockHolders(locks);
    if (holders.length === 0) return;
    const active = holders.find((holder) => holder.hostname !== hostname() || isAlive(holder.pid));
    if (active === undefined) {
      log('an earlier run was killed and left its lock: removing it');
      await killLeftProviders(provider);
      await stack.cancel();
      return;
    }
    if (!told) log(`another run of stack ${name} has not ended yet (process ${active.pid}): waiting for it`);
    await sleep(lockPause);
  }
}

/** A killed Pulumi leaves its Kubernetes provider at work, which must not go on beside the next one. */
async function killLeftProviders(folder: string): Promise<void> {
  const program = join(folder, providerProgram);
  const left = (await processTable()).filter(({ commandLine }) => commandLine.startsWith(program));
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

export interface LockHolder {
  pid: number;
  hostname: string;
}

/** Who holds the locks in a folder. A lock that is being written or removed at this moment does not count. */
export function lockHolders(folder: string): LockHolder[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file): LockHolder[] => {
      try {
        return [JSON.parse(readFileSync(join(folder, file), 'utf8')) as LockHolder];
      } catch {
        return [];
      }
    });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What a command of Pulumi said when it failed, without the SDK's frame around it. */
function commandWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split('\n').map((line) => line.trim());
  const said = lines.filter((line) => line.startsWith('error: ')).map((line) => line.slice('error: '.length));
  return said.length > 0 ? [...new Set(said)].join('\n') : message;
}
