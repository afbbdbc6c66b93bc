import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A program that a test started. */
export interface Child {
  process: ChildProcess;
  /** File with its output. */
  log: string;
}

export function start(program: string, words: string[], log: string, env: NodeJS.ProcessEnv = {}): Child {
  const output = openSync(log, 'w');
  return {
    process: spawn(program, words, { stdio: ['ignore', output, output], env: { ...process.env, ...env } }),
    log,
  };
}

/** Ends a program, and waits for it. */
export async function stop({ process: child }: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(killer);
}

/**
 * Calls `ask` until it resolves with something other than undefined.
 * @throws Error with the end of the program's output when it takes too long or the program ends.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  child?: Child,
  seconds = 60,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (child !== undefined && child.process.exitCode !== null) break;
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    await delay(50);
  }
  const output = child === undefined ? '' : `\n${readFileSync(child.log, 'utf8').slice(-2000)}`;
  throw new Error(`waited in vain for ${what}${output}`);
}

/** Free ports on 127.0.0.1. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
