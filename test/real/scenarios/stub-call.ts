import { request as httpRequest } from 'node:http';

export interface CallOptions {
  /** Port of the caller's sidecar on 127.0.0.1, which is the port of the service. */
  port: number;
  /** Service that is called. */
  host: string;
  path?: string;
  headers?: Record<string, string>;
  /** Longest wait in milliseconds. Defaults to 30 s. */
  timeout?: number;
}

/** What a call came to; status 0 when there was no answer in time. */
export interface CallResult {
  status: number;
  body: string;
}

/** A call that a stub application makes through its sidecar, on a connection of its own. */
export function call({ port, host, path = '/', headers = {}, timeout = 30_000 }: CallOptions): Promise<CallResult> {
  return new Promise((resolve) => {
    const none = (): void => resolve({ status: 0, body: '' });
    const options = { host: '127.0.0.1', port, path, agent: false as const, headers: { ...headers, host } };
    const sent = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', none);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    const timer = setTimeout(() => sent.destroy(), timeout);
    sent.on('error', () => {
      clearTimeout(timer);
      none();
    });
    sent.end();
  });
}
