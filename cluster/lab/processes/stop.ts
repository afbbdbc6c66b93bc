import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../errors';
import { stillRuns } from './table';
import type { RunningProcess } from './table';

/** Time between SIGTERM and SIGKILL, in milliseconds. */
const PATIENCE_MS = 5000;

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // ESRCH: it has just ended, which is what we want.
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

/** Asks a process to end, then makes it, and returns once it has. */
export async function stopProcess(running: RunningProcess): Promise<void> {
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await stillRuns(running))) return;
    signal(running.pid, name);
    if (await endsWithin(running, PATIENCE_MS)) return;
  }
  throw new LabError(`Process ${running.pid} does not end, not even by SIGKILL: ${running.commandLine}`);
}
