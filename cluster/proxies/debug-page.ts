import { Agent, request } from 'node:http';
import { parseAddress } from '../../mesh/manifests/addresses';
import { LiveError } from '../api/errors';

/** An istiod or an Envoy, whose debug pages can be asked for. */
export interface DebugPages {
  /** Its pod, or its address. */
  name: string;
  /**
   * One of its pages, as JSON.
   * @throws LiveError `unreachable` or `forbidden`.
   */
  get(path: string): Promise<unknown>;
  close(): void;
}

/**
 * The debug pages at an address `host[:port]`. istiod has them on its monitoring port (15014) and its HTTP port (8080), for callers of its own machine or namespace; Envoy on its admin port (15000).
 * @param name - as errors are to name it
 * @param patience - longest time, in milliseconds, that an answer may take
 */
export function debugPages(name: string, address: string, defaultPort: number, patience = 5000): DebugPages {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const { host, port = defaultPort } = parseAddress(address) ?? { host: address };
  return {
    name,
    get: (path) =>
      new Promise((resolve, reject) => {
        const fail = (reason: string): void =>
          reject(new LiveError('unreachable', `${name} does not answer: ${reason}`));
        const sent = request({ host, port, path, agent, timeout: patience }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', (error) => fail(error.message));
          response.on('end', () => {
            const { statusCode = 0 } = response;
            const body = Buffer.concat(chunks).toString('utf8');
            if (statusCode === 401 || statusCode === 403) reject(refused(name, statusCode));
            else if (statusCode !== 200)
              fail(`${statusCode} on ${path}; are its debug pages switched off (ENABLE_DEBUG_ON_HTTP)?`);
            else resolveJson(body, resolve, () => fail(`${path} is not JSON`));
          });
        });
        sent.on('timeout', () => sent.destroy(new Error(`no answer in ${patience / 1000} s`)));
        sent.on('error', (error) => (error instanceof LiveError ? reject(error) : fail(error.message)));
        sent.end();
      }),
    close: () => agent.destroy(),
  };
}

function refused(name: string, status: number): LiveError {
  return new LiveError(
    'forbidden',
    `${name} answers ${status}: it shows its debug pages to its own machine and to callers of its namespace only; leave its address out to go through a port-forward`,
  );
}

function resolveJson(text: string, resolve: (value: unknown) => void, fail: () => void): void {
  try {
    resolve(JSON.parse(text));
  } catch {
    fail();
  }
}
