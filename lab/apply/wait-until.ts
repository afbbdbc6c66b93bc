import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../types';

/** Time between two looks in milliseconds, at first and at most, and between two lines about the wait. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;
const TALK_MS = 5000;

export interface WaitUntilOptions {
  readonly log: Log;
  /** Longest wait in seconds. */
  readonly timeoutSeconds: number;
  /** What to say of what is still waited for. */
  readonly talk: (left: readonly string[]) => string;
}

/** Looks again and again until nothing is left to wait for, saying every five seconds what is. Resolves with what is left when the time is up. */
export async function waitUntilNone(
  look: () => Promise<readonly string[]>,
  { log, timeoutSeconds, talk }: WaitUntilOptions,
): Promise<readonly string[]> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  let nextTalk = Date.now() + TALK_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const left = await look();
    if (left.length === 0 || Date.now() > deadline) return left;
    if (Date.now() > nextTalk) {
      log(talk(left));
      nextTalk = Date.now() + TALK_MS;
    }
    await sleep(pause);
  }
}
