import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock, type LockOptions } from 'proper-lockfile';
import type { Log } from './types';

/** A lock that has not been refreshed for this time, in milliseconds, was left by a dead process. */
export const staleMs = 6000;
const pauseMs = 250;

/**
 * Takes a lock, also that of a dead process.
 * @param retries - how often to try again; not at all by default
 * @returns what releases it; undefined when another process holds it
 */
export async function acquire(
  lockfilePath: string,
  retries: LockOptions['retries'] = 0,
): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lock(lockfilePath, {
      lockfilePath,
      realpath: false,
      stale: staleMs,
      update: staleMs / 3,
      retries,
      // After the machine slept, another process may have taken the lock. Both do the same work, with their own drafts.
      onCompromised: () => undefined,
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ELOCKED') return undefined;
    if (!(await isFolder(lockfilePath))) return undefined;
    throw error;
  }
}

async function isFolder(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isDirectory() === true;
}

/** When the lock was last refreshed; 0 when it is free. */
async function refreshed(lockfilePath: string): Promise<number> {
  return (await stat(lockfilePath).catch(() => undefined))?.mtimeMs ?? 0;
}

/** Runs `work` while no other process holds the lock. Takes over the lock of a dead process. */
export async function withLock<T>(
  lockfilePath: string,
  wait: { readonly log: Log; readonly message: string },
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(path.dirname(lockfilePath), { recursive: true, mode: 0o700 });
  const release = (await acquire(lockfilePath)) ?? (await waitFor(lockfilePath, wait));
  try {
    return await work();
  } finally {
    await release().catch(() => undefined); // Another process has taken it over.
  }
}

async function waitFor(
  lockfilePath: string,
  { log, message }: { readonly log: Log; readonly message: string },
): Promise<() => Promise<void>> {
  log(message);
  let last = await refreshed(lockfilePath);
  let since = performance.now();
  for (;;) {
    await sleep(pauseMs);
    const release = await acquire(lockfilePath);
    if (release !== undefined) return release;
    const now = await refreshed(lockfilePath);
    if (now !== last) [last, since] = [now, performance.now()];
    // The library compares the lock's time with the clock, so it would wait forever if the time is in the future. A
    // living holder refreshes its lock, so an unchanged lock is abandoned.
    if (performance.now() - since > 2 * staleMs) {
      await rm(lockfilePath, { recursive: true, force: true });
      since = performance.now();
    }
  }
}
