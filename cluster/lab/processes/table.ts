import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A process of this machine and the command line it was started with. */
export interface RunningProcess {
  readonly pid: number;
  /** Arguments joined by single spaces: what both /proc and ps can give. */
  readonly commandLine: string;
}

const run = promisify(execFile);

const onLinux = process.platform === 'linux'; // Where /proc is always there, and ps often is not.

async function fromProc(pid: number): Promise<RunningProcess | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    // A zombie has an empty command line: it is as good as gone.
    return text === '' ? undefined : { pid, commandLine: text.replace(/\0$/, '').replaceAll('\0', ' ') };
  } catch {
    return undefined; // It ended while we looked.
  }
}

async function fromPs(selection: readonly string[]): Promise<RunningProcess[]> {
  const { stdout } = await run('ps', [...selection, '-ww', '-o', 'pid=,command='], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line);
    return match === null ? [] : [{ pid: Number(match[1]), commandLine: match[2] ?? '' }];
  });
}

/** Every process that can be seen. */
export async function processTable(): Promise<RunningProcess[]> {
  if (!onLinux) return fromPs(['-ax']);
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(pids.map(fromProc));
  return found.filter((entry) => entry !== undefined);
}

/** Whether this very process still runs, and not another one under a reused pid. */
export async function stillRuns(wanted: RunningProcess): Promise<boolean> {
  const now = onLinux ? await fromProc(wanted.pid) : (await fromPs(['-p', String(wanted.pid)]).catch(() => []))[0]; // ps exits 1 when there is none.
  return now?.commandLine === wanted.commandLine;
}
