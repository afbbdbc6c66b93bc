import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../errors';
import { logTail, startDetached, stopProcess } from '../processes';
import type { RunningProcess } from '../processes';
import type { LabProcessName, Log } from '../types';
import type { Client } from './health';
import type { Layout } from './layout';

/** Longest time, in milliseconds, for a process to answer after its start. */
const START_MS = 60_000;
/** Longest time for a process that ran before we came; after that it counts as hung. */
const HUNG_MS = 10_000;

export interface BringUp {
  readonly name: LabProcessName;
  /** Absolute path of the program. */
  readonly program: string;
  readonly args: readonly string[];
  readonly running: readonly RunningProcess[];
  readonly layout: Layout;
  readonly client: Client;
  readonly log: Log;
}

async function becomesHealthy({ name, client }: BringUp, milliseconds: number, child?: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (!(await client.isHealthy(name))) {
    const ended = child !== undefined && (child.exitCode !== null || child.signalCode !== null);
    if (ended || Date.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

async function start(what: BringUp): Promise<void> {
  const { name, program, args, layout, log } = what;
  const started = Date.now();
  const child = await startDetached(program, args, { logFile: layout.logOf(name), cwd: layout.stateDir });
  if (await becomesHealthy(what, START_MS, child)) {
    log(`lab: ${name} started (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    return;
  }
  const ending = child.signalCode ?? child.exitCode;
  const fate = ending === null ? `does not answer after ${START_MS / 1000} s` : `ended at once (${ending})`;
  throw new LabError(
    `${name} ${fate}. Its last words, from ${layout.logOf(name)}:\n${await logTail(layout.logOf(name))}`,
  );
}

/** Makes one process run with exactly these arguments, once, and answer. Leaves alone the one that does already. Returns whether it was started. */
export async function bringUp(what: BringUp): Promise<boolean> {
  const { name, program, args, running, log } = what;
  const wanted = [program, ...args].join(' ');
  const keep = running.find(({ commandLine }) => commandLine === wanted);
  const others = running.filter((one) => one !== keep);
  if (keep === undefined && others.length > 0) log(`lab: ${name} runs with other settings, starting it anew`);
  await Promise.all(others.map(stopProcess));
  if (keep !== undefined) {
    if (await becomesHealthy(what, HUNG_MS)) return false;
    log(`lab: ${name} (pid ${keep.pid}) does not answer, starting it anew`);
    await stopProcess(keep);
  }
  await start(what);
  return true;
}
