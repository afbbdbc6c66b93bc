import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface LoadOptions {
  /** On 127.0.0.1, except for tests of a given cluster. */
  url: string;
  /** Host header. */
  host: string;
  /** Requests each second, evenly spaced. */
  rate: number;
  /** Longest duration. */
  seconds: number;
  /** Defaults to 10. */
  connections?: number;
  /** Whether requests share connections. Defaults to true. */
  keepAlive?: boolean;
}

/** The results of a load, without requests that were in flight when it was stopped. */
export interface Loaded {
  requests: number;
  failed: number;
  /** Failures, with their counts. */
  failures: Record<string, number>;
  /** The failed requests, at most 100,000. */
  lost: LostRequest[];
  /** Backends of the other requests, with their counts. */
  places: Record<string, number>;
  seconds: number;
}

/** A request without a response, or with an error. */
export interface LostRequest {
  /** Its own path, to find it in an access log. */
  path: string;
  /** When it was sent, in milliseconds since 1970. */
  at: number;
  /** How long it took to fail. */
  milliseconds: number;
  why: string;
}

/** A load in its own process, so that the test does not delay it. */
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
