import { Agent as HttpAgent, request as httpRequest, type OutgoingHttpHeaders, type RequestOptions } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { ClusterError } from './errors';
import { loadKubeconfig, type KubeconfigOptions } from './kubeconfig';

/** Requests at a time to one API server. */
const maxSockets = 8;
/** Longest time, in milliseconds, for a TCP connection, and for a whole response. */
const connectTimeoutMs = 10_000;
const responseTimeoutMs = 60_000;
/** Statuses to retry. With a Retry-After header any 5xx is retried, and more often: an API server that has just started sends it for kinds whose storage is not ready. */
const retryStatuses = new Set([429, 502, 503, 504]);
const attempts = { backOff: 5, retryAfter: 20 };
const firstPauseMs = 250;
/** How long, in milliseconds, credentials are used before the library is asked for them again: it reads files and runs programs. */
const credentialsMs = 5_000;

export interface ApiRequest {
  method: 'GET' | 'PATCH' | 'DELETE' | 'POST';
  /** Path with its query. */
  path: string;
  /** Defaults to JSON. */
  accept?: string;
  contentType?: string;
  body?: object;
}

export interface Response {
  status: number;
  /** The parsed JSON; undefined if the body is not JSON. */
  body: unknown;
  retryAfterSeconds?: number;
}

/** A connection to the API server of a cluster, with the credentials of any kubeconfig. */
export class Connection {
  /** @throws ClusterError when the kubeconfig cannot be used. */
  static open(options: KubeconfigOptions): Connection {
    return new Connection(loadKubeconfig(options));
  }

  #agent: RequestOptions['agent'];
  #credentials = '';
  #authenticated: { until: number; options: Promise<RequestOptions> } | undefined;

  private constructor(readonly config: KubeConfig) {}

  /** Address of the API server. */
  get server(): string {
    return this.config.getCurrentCluster()?.server ?? '';
  }

  get context(): string {
    return this.config.getCurrentContext();
  }

  /**
   * Sends a request, and retries when the API server is busy or has closed the connection, so the request must be safe
   * to repeat.
   * @returns any response, even one with an error status
   * @throws ClusterError `no-cluster` when the API server does not answer in time
   */
  async send(request: ApiRequest, signal?: AbortSignal): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const response = await this.#sendOnce(request, signal).catch((error: unknown) => {
        signal?.throwIfAborted();
        if (attempt < attempts.backOff && isDropped(error)) return undefined;
        throw new ClusterError('no-cluster', `the API server ${this.server} does not answer: ${reasonOf(error)}`);
      });
      if (response !== undefined && !shouldRetry(response, attempt)) return response;
      const pauseMs = Math.max(
        Math.min(firstPauseMs * 2 ** (attempt - 1), 2_000),
        (response?.retryAfterSeconds ?? 0) * 1000,
      );
      await sleep(pauseMs, undefined, signal === undefined ? {} : { signal });
    }
  }

  async #sendOnce(request: ApiRequest, signal?: AbortSignal): Promise<Response> {
    const { method, path, accept = 'application/json', contentType, body } = request;
    const options = await this.#options();
    const headers = {
      ...(options.headers as OutgoingHttpHeaders | undefined),
      accept,
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    };
    const timeout = AbortSignal.timeout(responseTimeoutMs);
    const abort = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    const url = new URL(this.server.replace(/\/$/, '') + path);
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void =>
        reject(timeout.aborted ? new Error(`no response within ${responseTimeoutMs / 1000} s`) : error);
      const sent = send(url, { ...options, method, headers, signal: abort }, (response) => {
        const retryAfter = /^\d+$/.exec(response.headers['retry-after'] ?? '')?.[0];
        text(response).then(
          (json) =>
            resolve({
              status: response.statusCode ?? 0,
              body: parseJson(json),
              ...(retryAfter === undefined ? {} : { retryAfterSeconds: Number(retryAfter) }),
            }),
          fail,
        );
      });
      sent.once('socket', (socket) => {
        if (!socket.connecting) return;
        const timer = setTimeout(
          () => sent.destroy(new Error(`no connection within ${connectTimeoutMs / 1000} s`)),
          connectTimeoutMs,
        );
        socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
      });
      sent.once('error', fail);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** The library knows when credentials expire. Sockets stay open for as long as the credentials stay the same. */
  #options(): Promise<RequestOptions> {
    const now = performance.now();
    if (this.#authenticated === undefined || this.#authenticated.until < now) {
      const options = this.#authenticate();
      this.#authenticated = { until: now + credentialsMs, options };
      options.catch(() => (this.#authenticated = undefined));
    }
    return this.#authenticated.options;
  }

  async #authenticate(): Promise<RequestOptions> {
    const options: RequestOptions & Record<string, unknown> = {};
    await this.config.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
    const { agent, ...rest } = options;
    const tls = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'];
    const credentials = tls.map((key) => String(rest[key])).join('\n');
    if (this.#agent === undefined || credentials !== this.#credentials) {
      this.#agent = keepAliveAgent(agent, rest);
      this.#credentials = credentials;
    }
    return { headers: rest.headers, auth: rest.auth, agent: this.#agent };
  }
}

function shouldRetry({ status, retryAfterSeconds }: Response, attempt: number): boolean {
  if (retryAfterSeconds !== undefined) return (status === 429 || status >= 500) && attempt < attempts.retryAfter;
  return retryStatuses.has(status) && attempt < attempts.backOff;
}

/** An agent that goes through a proxy is kept; the library's plain agents would open a socket for each request. */
function keepAliveAgent(agent: RequestOptions['agent'], options: object): RequestOptions['agent'] {
  const keepAlive = { keepAlive: true, maxSockets };
  const name = typeof agent === 'object' ? agent.constructor.name : '';
  if (agent instanceof Agent && name === 'Agent') return new Agent({ ...agent.options, ...options, ...keepAlive });
  return agent instanceof HttpAgent && name === 'Agent' ? new HttpAgent(keepAlive) : agent;
}

function isDropped(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(String((error as { code?: unknown }).code));
}

function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message === undefined || message === '' ? String(code) : (message.split('\n')[0] ?? '');
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
