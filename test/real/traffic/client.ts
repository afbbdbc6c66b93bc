import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { Seen } from './backends';

/** A request to a proxy's listener. */
export interface Sent {
  /** Port of the proxy on 127.0.0.1. */
  port: number;
  /** Defaults to 127.0.0.1. */
  address?: string;
  method?: string;
  path?: string;
  /** `host` is the Host header. */
  headers?: Record<string, string>;
}

/** The response. */
export interface Answer {
  /** 0: the connection was closed without a response. */
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The request as the backend saw it, if a backend answered. */
  seen: Seen | undefined;
  milliseconds: number;
}

let agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Closes all connections: an open one stays with the listener that took it, and with its policies, when the proxy gets a new listener. */
export function forgetConnections(): void {
  agent.destroy();
  agent = new Agent({ keepAlive: true, maxSockets: 64 });
}

export function send({ port, address = '127.0.0.1', method = 'GET', path = '/', headers = {} }: Sent): Promise<Answer> {
  const began = performance.now();
  return new Promise((resolve) => {
    const none = (): void =>
      resolve({ status: 0, headers: {}, body: '', seen: undefined, milliseconds: performance.now() - began });
    const sent = httpRequest({ host: address, port, method, path, headers, agent, timeout: 30_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', none);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const fromBackend = response.headers['content-type'] === 'application/json';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
          seen: fromBackend ? (JSON.parse(body) as Seen) : undefined,
          milliseconds: performance.now() - began,
        });
      });
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', none);
    sent.end();
  });
}
