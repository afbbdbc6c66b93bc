import { Agent, request } from 'node:http';
import { LiveError } from './errors';

/** One istiod that can be asked. */
export interface Istiod {
  /** Its pod, or its address. */
  name: string;
  /**
   * The answer of one of its debug pages, as JSON; undefined for a 404, with which istiod says that a proxy is not one of its own.
   * @throws LiveError `unreachable` or `forbidden`.
   */
  get(path: string): Promise<unknown>;
  close(): void;
}

/** Longest time, in milliseconds, that istiod may take for an answer. */
const answerTimeout = 10_000;

/**
 * An istiod at an address: `host:port` of its monitoring port (15014, the default) or of its HTTP port (8080). Either answers callers of its own machine; others must be of its namespace.
 */
export function istiodAt(name: string, address: string): Istiod {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const [host = '127.0.0.1', port = '15014'] = splitAddress(address);
  return {
    name,
    get: (path) =>
      new Promise((resolve, reject) => {
        const fail = (reason: string): void =>
          reject(new LiveError('unreachable', `istiod ${name} does not answer: ${reason}`));
        const sent = request({ host, port, path, agent, timeout: answerTimeout }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', (error) => fail(error.message));
          response.on('end', () => {
            const { statusCode = 0 } = response;
            const body = Buffer.concat(chunks).toString('utf8');
            if (statusCode === 404 && body.startsWith('Proxy not connected')) resolve(undefined);
            else if (statusCode === 401 || statusCode === 403) reject(refused(name, statusCode));
            else if (statusCode !== 200)
              fail(`${statusCode} on ${path}; are its debug pages switched off (ENABLE_DEBUG_ON_HTTP)?`);
            else resolveJson(body, resolve, () => fail(`${path} is not JSON: is it an istiod?`));
          });
        });
        sent.on('timeout', () => sent.destroy(new Error(`no answer in ${answerTimeout / 1000} s`)));
        sent.on('error', (error) => (error instanceof LiveError ? reject(error) : fail(error.message)));
        sent.end();
      }),
    close: () => agent.destroy(),
  };
}

/** `host:port`, `host`, or `[address]:port`. */
function splitAddress(address: string): (string | undefined)[] {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(address) ?? [];
  return [bracketed ?? plain, port];
}

function refused(name: string, status: number): LiveError {
  return new LiveError(
    'forbidden',
    `istiod ${name} answers ${status}: it shows its debug pages to its own machine and to callers of its namespace only; leave its address out to go through a port-forward`,
  );
}

function resolveJson(text: string, resolve: (value: unknown) => void, fail: () => void): void {
  try {
    resolve(JSON.parse(text));
  } catch {
    fail();
  }
}
