import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import type { Log } from './types';

/** Age, in milliseconds, at which a lock nobody refreshes counts as left by a dead process. */
const STALE_MS = 6000;

function isHeld(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ELOCKED';
}

async function acquire(lockfilePath: string): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lock(lockfilePath, {
      lockfilePath,
      realpath: false,
      stale: STALE_MS,
      update: STALE_MS / 3,
      // A machine that slept: whoever took the lock over meanwhile does the same work into files of its own.
      onCompromised: () => undefined,
    });
  } catch (error) {
    if (isHeld(error)) return undefined;
    throw error;
  }
}

/** Runs `work` while no other process holds the lock; takes over the lock of a process that died. */
export async function withLock<T>(
  lockfilePath: string,
  wait: { readonly log: Log; readonly message: string },
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(path.dirname(lockfilePath), { recursive: true, mode: 0o700 });
  let release = await acquire(lockfilePath);
  if (release === undefined) wait.log(wait.message);
  while (release === undefined) {
    await sleep(250);
    release = await acquire(lockfilePath);
  }
  try {
    return await work();
  } finally {
    await release().catch(() => undefined); // Already given up or taken over.
  }
}
