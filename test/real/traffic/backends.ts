import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A stub application: one address with one or more ports. */
export interface Backend {
  /** Its name in responses, e.g. `reviews v1`. */
  name: string;
  /** Its own address in 127.0.0.0/8. */
  address: string;
  ports: number[];
}

/** What a backend saw. */
export interface Seen {
  who: string;
  port: number;
  method: string;
  path: string;
  authority: string;
  headers: Record<string, string>;
}

/**
 * Starts stub applications that answer every request with {@link Seen} as JSON; the result stops them. They have their own process, as a test that blocks would delay their responses, and the
 * client would count lost requests.
 */
export async function startBackends(backends: readonly Backend[]): Promise<() => Promise<void>> {
  const child = fork(join(__dirname, 'backends-child.ts'), {
    execArgv: ['-r', 'tsx/cjs'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => undefined);
  child.send(backends);
  const [started] = await Promise.race([once(child, 'message'), ended.then(() => ['ended'])]);
  if (started !== 'listening') throw new Error(`the stub applications do not start: ${String(started)}`);
  return async () => {
    if (child.connected) child.disconnect();
    await ended;
  };
}
