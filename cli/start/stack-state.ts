import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '@pulumi/pulumi/automation';
import type { Lab } from '../../cluster/lab';
import { processTable } from '../../cluster/lab';
import { UserError } from '../errors';
import { projectName } from './inline-program';

/** Time between two checks of a lock that another run holds, in milliseconds. */
const lockPause = 500;

export const providerProgram = 'pulumi-resource-kubernetes';

/** Folders of the lab: state and locks of its stacks, and Pulumi's programs. */
export interface StackFolders {
  folder: string;
  backend: string;
  /** Folder with Pulumi's command under `bin`, as the Automation API takes it. */
  cli: string;
  /** Folder with the Kubernetes provider; its path identifies the provider's processes. */
  provider: string;
}

export function stackFolders(
  { stateDir }: Pick<Lab, 'stateDir'>,
  folder: string = join(stateDir, 'pulumi'),
): StackFolders {
  return { folder, backend: join(folder, 'backend'), cli: join(folder, 'cli'), provider: join(folder, 'provider') };
}

/** What Pulumi's command needs to know about a lab. */
export function environment(
  { kubeconfig }: Pick<Lab, 'kubeconfig'>,
  { folder, backend }: StackFolders,
): Record<string, string> {
  const helm = join(folder, 'helm');
  return {
    KUBECONFIG: kubeconfig,
    // Pulumi would otherwise write a second file beside each state, which a kill can truncate.
    PULUMI_BACKEND_URL: `file://${backend}?metadata=skip`,
    // Pulumi writes the whole state at each step. With fewer garbage collections an update of 1,000 routes takes an eighth less time, and some 200 MB more memory.
    GOGC: process.env['GOGC'] ?? '400',
    PULUMI_CONFIG_PASSPHRASE: '',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    // Helm's files, which it otherwise keeps in the home directory.
    HELM_CACHE_HOME: join(helm, 'cache'),
    HELM_CONFIG_HOME: join(helm, 'config'),
    HELM_DATA_HOME: join(helm, 'data'),
  };
}

/** A resource in the state of a stack, with the fields used here. */
export interface StateResource {
  urn: string;
  type: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** The state of a stack, as the backend stores it. */
export interface StackState {
  resources?: StateResource[];
  /** Operations that had begun when a run was killed. */
  pending_operations?: { type: string; resource: StateResource }[];
}

/** The resources that each stack on a lab has, by the stack's name. Reads files only. */
export function deployedStacks(lab: Pick<Lab, 'stateDir'>): Map<string, StateResource[]> {
  const folder = dirname(stateFile(stackFolders(lab), ''));
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const stacks = files.map((file): [string, StateResource[]] => {
    const { resources = [], pending_operations: pending = [] } = readState(join(folder, file));
    return [file.slice(0, -'.json'.length), [...resources, ...pending.map(({ resource }) => resource)]];
  });
  return new Map(stacks.filter(([, resources]) => resources.length > 0));
}

function stateFile({ backend }: StackFolders, name: string): string {
  return join(backend, '.pulumi', 'stacks', projectName(), `${name}.json`);
}

export function readStackState(folders: StackFolders, name: string): StackState {
  return readState(stateFile(folders, name));
}

function readState(file: string): StackState {
  if (!existsSync(file)) return {};
  const { checkpoint } = JSON.parse(readFileSync(file, 'utf8')) as { checkpoint?: { latest?: StackState | null } };
  return checkpoint?.latest ?? {};
}

/**
 * Refuses a stack file whose stack on the lab was deployed from another file: two files with one name would remove each
 * other's objects.
 * @param origin - absolute path of the stack file, or `sample:NAME`
 * @throws UserError when the lab's stack of this name was deployed from another file that still exists
 */
export function refuseOtherOrigin(lab: Pick<Lab, 'stateDir'>, name: string, origin: string): void {
  const earlier = readOrigins(lab)[name];
  if (earlier === undefined || earlier === origin || !deployedStacks(lab).has(name)) return;
  const isSample = earlier.startsWith('sample:');
  // A file that was moved is still the same stack.
  if (!isSample && !existsSync(earlier)) return;
  const flag = isSample ? `--sample ${earlier.slice('sample:'.length)}` : `--config ${earlier}`;
  throw new UserError(
    [
      `The lab's stack ${name} comes from ${earlier}, not from ${origin}: two files with one name cannot be on the lab together.`,
      `Rename the file, or remove the other stack first: npx meshwright down ${flag}`,
    ].join('\n'),
  );
}

/** Remembers which file a stack was deployed from, for {@link refuseOtherOrigin}. */
export function recordOrigin(lab: Pick<Lab, 'stateDir'>, name: string, origin: string): void {
  const file = originsFile(lab);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...readOrigins(lab), [name]: origin }, null, 2)}\n`);
}

function originsFile(lab: Pick<Lab, 'stateDir'>): string {
  return join(stackFolders(lab).folder, 'origins.json');
}

function readOrigins(lab: Pick<Lab, 'stateDir'>): Record<string, string> {
  try {
    return JSON.parse(readFileSync(originsFile(lab), 'utf8')) as Record<string, string>;
  } catch {
    // No stack was deployed yet, or a killed run truncated the file: then no origins are known.
    return {};
  }
}

/**
 * Removes the lock of a killed run, and waits for a run that is still active, such as the pulumi command of a killed
 * `npm start`.
 */
export async function unlock(
  stack: Stack,
  { backend, provider }: StackFolders,
  name: string,
  log: (line: string) => void,
): Promise<void> {
  const locks = join(backend, '.pulumi', 'locks', 'organization', projectName(), name);
  for (let isTold = false; ; isTold = true) {
    const holders = lockHolders(locks);
    if (holders.length === 0) return;
    const active = holders.find((holder) => holder.hostname !== hostname() || isAlive(holder.pid));
    if (active === undefined) {
      log('an earlier run was killed and left its lock: removing it');
      await killLeftProviders(provider);
      await stack.cancel();
      return;
    }
    if (!isTold) log(`waiting for another run of stack ${name} to end (process ${active.pid})`);
    await sleep(lockPause);
  }
}

/** A killed Pulumi leaves its Kubernetes provider running. It must stop before the next one starts. */
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

/** The holders of the locks in a folder. A lock that is being written or removed at this moment does not count. */
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
