import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface LoadOptions {
  /** On 127.0.0.1, unless the tests are pointed at a cluster. */
  url: string;
  /** Host header. */
  host: string;
  /** Requests each second, evenly spaced. */
  rate: number;
  /** Longest time that it goes on, so that nothing is sent for ever. */
  seconds: number;
  /** Defaults to 10. */
  connections?: number;
  /** Whether connections are used again; otherwise each request has its own. Defaults to true. */
  keepAlive?: boolean;
}

/** What became of the requests of a load, those aside that had no answer yet when it was stopped. */
export interface Loaded {
  requests: number;
  failed: number;
  /** What went wrong, and how often. */
  failures: Record<string, number>;
  /** Each of those, up to 100,000 of them. */
  lost: LostRequest[];
  /** Who answered the others, and how often. */
  places: Record<string, number>;
  seconds: number;
}

/** A request that had no answer, or an error for one. */
export interface LostRequest {
  /** Its own, by which it is found in an access log. */
  path: string;
  /** When it was sent, in milliseconds since 1970. */
  at: number;
  /** How long it took to fail. */
  milliseconds: number;
  why: string;
}

/** A load that goes on in a process of its own, so that what a test does meanwhile does not hold it up. */
export interface Load {
  stop(): Promise<Loaded>;
}

/** Sends requests at a constant rate until it is stopped or its time is up. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const child = fork(join(__dirname, 'load-child.ts'), {
    execArgv: ['-r', 'tsx/cjs'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => undefined);
  child.send(options);
  await Promise.race([once(child, 'message'), ended]);
  const counts = once(child, 'message').then(([message]) => message as Loaded);
  return {
    stop: async () => {
      if (child.connected) child.send('stop');
      const loaded = await Promise.race([counts, ended]);
      if (loaded === undefined) throw new Error('the load ended without its counts');
      return loaded;
    },
  };
}
