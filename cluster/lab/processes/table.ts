import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { open, readdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { LabError } from '../types';

/** A process of this machine, with its command line. */
export interface RunningProcess {
  readonly pid: number;
  /** Arguments joined by single spaces, which is what both /proc and ps give. */
  readonly commandLine: string;
}

const run = promisify(execFile);

const onLinux = process.platform === 'linux'; // /proc always exists there, ps often does not.

async function fromProc(pid: number): Promise<RunningProcess | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    // The command line of a zombie is empty.
    return text === '' ? undefined : { pid, commandLine: text.replace(/\0$/, '').replaceAll('\0', ' ') };
  } catch {
    return undefined; // The process has ended meanwhile.
  }
}

async function fromPs(selection: readonly string[]): Promise<RunningProcess[]> {
  const options = { maxBuffer: 64 * 1024 * 1024, timeout: 10_000 };
  const { stdout } = await run('ps', [...selection, '-ww', '-o', 'pid=,command='], options);
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line);
    return match === null ? [] : [{ pid: Number(match[1]), commandLine: match[2] ?? '' }];
  });
}

/** Every process that this user can see. */
export async function processTable(): Promise<RunningProcess[]> {
  if (!onLinux) return fromPs(['-ax']);
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(pids.map(fromProc));
  return found.filter((entry) => entry !== undefined);
}

/** Whether this process still runs. Another process under the same pid has another command line. */
async function stillRuns(wanted: RunningProcess): Promise<boolean> {
  const now = onLinux ? await fromProc(wanted.pid) : (await fromPs(['-p', String(wanted.pid)]).catch(() => []))[0]; // ps exits 1 when there is none.
  return now?.commandLine === wanted.commandLine;
}

/** What identifies a process of a lab. */
interface Mark {
  /** Name of the program, such as `etcd`. */
  readonly program: string;
  /** An argument that no other lab passes, such as `--data-dir=/checkout/.lab/etcd`. */
  readonly argument: string;
}

/**
 * The processes with this program and argument. Unlike pid files, command lines do not go stale: a reused pid has another command line, and a process is found even if its starter was killed at once.
 */
export function findMarked(table: readonly RunningProcess[], mark: Mark): RunningProcess[] {
  return table.filter(({ commandLine }) => {
    const padded = `${commandLine} `;
    const at = padded.indexOf(` ${mark.argument} `);
    // Paths may contain spaces, so the program is everything before the first flag.
    const program = path.basename((padded.split(' -', 1)[0] ?? '').trim());
    return at > 0 && program === mark.program;
  });
}

/** Lines of a program's output to show when it fails. */
const tailLines = 8;

/** Starts a program in its own session, so that it outlives this process and ignores Ctrl-C. Its output goes to a new file. */
export async function startDetached(
  program: string,
  args: readonly string[],
  options: { readonly logFile: string; readonly cwd: string },
): Promise<ChildProcess> {
  // The previous output is kept, as it may say why the program ended.
  await rename(options.logFile, `${options.logFile}.previous`).catch(() => undefined);
  const output = await open(options.logFile, 'w', 0o600);
  try {
    const child = spawn(program, args, {
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      // No KUBECONFIG, ETCD_* or GODEBUG of the user may change the lab.
      env: { PATH: process.env['PATH'], HOME: options.cwd },
    });
    child.unref();
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } finally {
    await output.close();
  }
}

/** The last lines of a program's output, indented for an error message. */
export async function logTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  const lines = text.trimEnd().split('\n').slice(-tailLines);
  return lines.map((line) => `  | ${line.slice(0, 400)}`).join('\n');
}

/** Time between SIGTERM and SIGKILL, in milliseconds. */
const terminateMs = 5000;

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // ESRCH: it has just ended.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function endsWithin(running: RunningProcess, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (await stillRuns(running)) {
    if (Date.now() > deadline) return false;
    await sleep(25);
  }
  return true;
}

/** Ends a process by SIGTERM, then by SIGKILL, and waits until it has ended. */
export async function stopProcess(running: RunningProcess): Promise<void> {
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await stillRuns(running))) return;
    signal(running.pid, name);
    if (await endsWithin(running, terminateMs)) return;
  }
  throw new LabError(`Process ${running.pid} does not end, not even by SIGKILL: ${running.commandLine}`);
}
