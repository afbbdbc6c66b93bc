import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { acquireLock, staleMs } from '../../cluster/lab';
import { journalsFolder } from '../../config/shifts';
import { UserError } from '../errors';
import { replaceFile } from '../files';
import { hasEnded, type Journal } from './journal';

/** How long a command waits for a lock of a route, in milliseconds: longer than the lock of a killed run lasts. */
const ownWaitMs = staleMs + 1000;
/** Longest wait for another update of the same stack, in milliseconds, and the pause between two attempts. */
const updateWaitMs = 600_000;
const pauseMs = 200;

/** Journals, histories and locks of one stack, in `.meshwright/` beside its stack file. */
export class Store {
  readonly folder: string;

  /** @param file - absolute path of the stack file */
  constructor(file: string, stack: string) {
    this.folder = journalsFolder(dirname(file), stack);
  }

  /** The program that deployed the stack last; undefined when none is known. */
  keptProgram(): string | undefined {
    const file = join(this.folder, 'program.js');
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  keepProgram(code: string): void {
    if (code !== this.keptProgram()) writeAtomically(join(this.folder, 'program.js'), code);
  }

  /** All shifts, the newest last. */
  journals(): Journal[] {
    const folder = join(this.folder, 'shifts');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => readJson(join(folder, name)) as Journal);
  }

  /** The shift of a route that has not ended. */
  active(route: string): Journal | undefined {
    return this.journals().find((journal) => !hasEnded(journal) && journal.routes.includes(route));
  }

  /** The last shift of a route. */
  latest(route: string): Journal | undefined {
    return this.journals().findLast(({ routes }) => routes.includes(route));
  }

  read(id: string): Journal {
    return readJson(this.fileOf(id)) as Journal;
  }

  write(journal: Journal): void {
    writeAtomically(this.fileOf(journal.id), `${JSON.stringify(journal, null, 2)}\n`);
  }

  private fileOf(id: string): string {
    return join(this.folder, 'shifts', `${id}.json`);
  }

  /**
   * Runs work on a route while no other process does. Takes over the lock of a killed run.
   * @returns undefined when another process holds it
   */
  async whileOwning<T>(route: string, work: () => Promise<T>): Promise<T | undefined> {
    return this.locked(route.replace('/', '.'), ownWaitMs, work);
  }

  /** Runs an edit of the stack file with its update, one after the other for all routes of the stack. */
  async whileUpdating<T>(work: () => Promise<T>): Promise<T> {
    let result: { value: T } | undefined;
    await this.locked('update', updateWaitMs, async () => {
      result = { value: await work() };
    });
    if (result === undefined) throw new UserError('Another update of this stack is still running; try again later.');
    return result.value;
  }

  private async locked<T>(name: string, waitMs: number, work: () => Promise<T>): Promise<T | undefined> {
    const folder = join(this.folder, 'locks');
    mkdirSync(folder, { recursive: true });
    const retries = { retries: Math.ceil(waitMs / pauseMs), factor: 1, minTimeout: pauseMs, maxTimeout: pauseMs };
    const release = await acquireLock(join(folder, name), retries);
    if (release === undefined) return undefined;
    try {
      return await work();
    } finally {
      await release().catch(() => undefined);
    }
  }
}

/** Writes a file atomically, and makes its folder. @throws UserError when it cannot be written */
export function writeAtomically(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  replaceFile(file, text);
}

export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`);
  }
}
