import { createRequire } from 'node:module';
import { Agent as HttpAgent, request as httpRequest, type OutgoingHttpHeaders, type RequestOptions } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { LiveError } from './errors';
import { loadKubeconfig, type KubeconfigOptions } from './kubeconfig';
import { checkout } from '../../runtime/checkout';
import { refusalOf } from './refusal';

/** Sockets that are kept open to one API server, and so questions at a time. */
const sockets = 8;
/** Answers that say "later", how often they are heeded, and how long, in milliseconds, it takes at first. */
const later = new Set([429, 502, 503, 504]);
const attempts = 5;
const firstPause = 250;
/** How long, in milliseconds, an answer may take. */
const patience = 60_000;
/** How long, in milliseconds, credentials are taken to hold before the library is asked again: it looks at files and clocks, and makes an agent, each time. */
const trusted = 5_000;

/** Loaded when it is needed, as most runs change nothing; and not by the bundler. */
const load = createRequire(join(checkout, 'cluster', 'api', 'index.js'));

export interface Question {
  method: 'GET' | 'PATCH' | 'DELETE' | 'POST';
  /** Path with its query. */
  path: string;
  accept?: string;
  contentType?: string;
  body?: object;
}

/** A cluster's API server, by way of a kubeconfig of any sort. */
export class Connection {
  /** @throws LiveError when the kubeconfig cannot be read, has no such context or no cluster. */
  static open(options: KubeconfigOptions): Connection {
    const { KubeConfig } = load('./load-kube-config.js') as typeof import('./kube-config');
    const config = loadKubeconfig(new KubeConfig(), options);
    const server = config.getCurrentCluster()?.server;
    if (server === undefined) throw new LiveError('no-cluster', 'the kubeconfig names no cluster');
    return new Connection(config, server);
  }

  #agent: RequestOptions['agent'];
  #credentials = '';
  #authenticated: { until: number; options: Promise<RequestOptions> } | undefined;

  private constructor(
    private readonly config: KubeConfig,
    /** Address of the API server. */
    readonly server: string,
  ) {}

  /**
   * Asks again when the answer is "later" or the socket was dropped: whatever is asked here may be asked twice.
   * @returns the JSON of the answer; undefined when what is asked for is not there
   * @throws ApiError with the API server's words, LiveError when it cannot be reached.
   */
  async ask(question: Question, signal?: AbortSignal): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const answer = await this.#send(question).catch((error: unknown) => {
        if (attempt < attempts && isDropped(error)) return undefined;
        throw new LiveError('no-cluster', `the API server ${this.server} does not answer: ${reasonOf(error)}`);
      });
      if (answer !== undefined && answer.status < 300) return answer.body;
      if (answer?.status === 404 && question.method !== 'PATCH') return undefined;
      if (answer !== undefined && (attempt === attempts || !later.has(answer.status))) {
        throw refusalOf(answer.status, answer.body);
      }
      await sleep(Math.max(firstPause * 2 ** (attempt - 1), (answer?.retryAfter ?? 0) * 1000), undefined, {
        ...(signal === undefined ? {} : { signal }),
      });
    }
  }

  async #send({ method, path, accept = 'application/json', contentType, body }: Question): Promise<Answer> {
    const options: RequestOptions = await this.#options();
    const headers = {
      ...(options.headers as OutgoingHttpHeaders | undefined),
      accept,
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    };
    const url = new URL(this.server.replace(/\/$/, '') + path);
    const request = url.protocol === 'http:' ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const sent = request(url, { ...options, method, headers, timeout: patience }, (response) => {
        text(response)
          .then((json) =>
            resolve({
              status: response.statusCode ?? 0,
              body: parsed(json),
              retryAfter: Number(response.headers['retry-after'] ?? 0),
            }),
          )
          .catch(reject);
      });
      sent.once('timeout', () => sent.destroy(new Error(`no answer within ${patience / 1000} s`)));
      sent.once('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Credentials may come from a program, and may expire: the library knows when. Sockets are kept for as long as they stay the same. */
  #options(): Promise<RequestOptions> {
    const now = performance.now();
    if (this.#authenticated === undefined || this.#authenticated.until < now) {
      this.#authenticated = { until: now + trusted, options: this.#authenticate() };
    }
    return this.#authenticated.options;
  }

  async #authenticate(): Promise<RequestOptions> {
    const fresh: RequestOptions & Record<string, unknown> = {};
    await this.config.applyToHTTPSOptions(fresh as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
    const { agent, ...rest } = fresh;
    const tls = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'];
    const credentials = tls.map((key) => String(rest[key])).join('\n');
    if (this.#agent === undefined || credentials !== this.#credentials) {
      this.#agent = kept(agent, rest);
      this.#credentials = credentials;
    }
    return { headers: rest.headers, auth: rest.auth, agent: this.#agent };
  }
}

interface Answer {
  status: number;
  body: unknown;
  /** Seconds. */
  retryAfter: number;
}

/** The library's agent for a proxy is taken as it is; its plain ones make a socket for each question. */
function kept(agent: RequestOptions['agent'], options: object): RequestOptions['agent'] {
  const keepAlive = { keepAlive: true, maxSockets: sockets };
  const name = typeof agent === 'object' ? agent.constructor.name : '';
  if (agent instanceof Agent && name === 'Agent') return new Agent({ ...agent.options, ...options, ...keepAlive });
  return agent instanceof HttpAgent && name === 'Agent' ? new HttpAgent(keepAlive) : agent;
}

function isDropped(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(String((error as { code?: unknown }).code));
}

function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message === undefined || message === '' ? String(code) : message;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
