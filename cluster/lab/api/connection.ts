import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { parse } from 'yaml';
import { z } from 'zod';
import { LabError } from '../errors';

/** Sockets that are kept open. The API server and its etcd have enough to do with two questions at a time. */
const SOCKETS = 2;

/** How often "later" is heeded, with a second or more in between: an API server that has just started says so of kinds whose storage it is still setting up. */
const PATIENCE = 20;

export interface Answer {
  readonly status: number;
  /** Seconds after which to ask again; undefined when that is of no use. */
  readonly retryAfter?: number;
  /** The JSON of the answer; undefined when it is something else. */
  readonly body: unknown;
}

export interface Question {
  readonly method: 'GET' | 'PATCH' | 'DELETE';
  /** Path with its query. */
  readonly path: string;
  /** Media type to be answered in. Defaults to plain JSON. */
  readonly accept?: string;
  /** Configuration to apply. */
  readonly body?: object;
}

const base64 = z.string().transform((text) => Buffer.from(text, 'base64'));
const one = <T extends z.ZodType>(entry: T) => z.tuple([entry]).transform(([only]) => only);
/** A kubeconfig as the lab writes it: one cluster, one user, certificates inside. */
const kubeconfigSchema = z.object({
  clusters: one(z.object({ cluster: z.object({ server: z.url(), 'certificate-authority-data': base64 }) })),
  users: one(z.object({ user: z.object({ 'client-certificate-data': base64, 'client-key-data': base64 }) })),
});

/** As Kubernetes' own clients have it: 429 and 5xx, when they say how long. */
function later(status: number, { 'retry-after': seconds }: IncomingHttpHeaders): Pick<Answer, 'retryAfter'> {
  const isLater = (status === 429 || status >= 500) && /^\d+$/.test(seconds ?? '');
  return isLater ? { retryAfter: Number(seconds) } : {};
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function unreachable(error: unknown): LabError {
  return new LabError(`The API server cannot be reached: ${error instanceof Error ? error.message : String(error)}`);
}

function read(kubeconfig: string): string {
  try {
    return readFileSync(kubeconfig, 'utf8');
  } catch (error) {
    throw unreachable(error);
  }
}

/**
 * Connections to the lab's API server, kept open from one question to the next. Objects go and come as they are: the typed models of
 * the usual client library drop fields that they do not know, which the API server is to judge, and make dates of texts.
 */
export class Connection {
  readonly #server: string;
  readonly #agent: Agent;

  /** Throws a LabError when there is no kubeconfig of a lab. */
  constructor(kubeconfig: string) {
    const { clusters, users } = kubeconfigSchema.parse(parse(read(kubeconfig)));
    const [{ cluster }, { user }] = [clusters, users];
    this.#server = cluster.server;
    // One context for all sockets: making it costs more than a question. What is idle keeps no process from ending.
    const secureContext = createSecureContext({
      ca: cluster['certificate-authority-data'],
      cert: user['client-certificate-data'],
      key: user['client-key-data'],
    });
    this.#agent = new Agent({ keepAlive: true, maxSockets: SOCKETS, secureContext });
  }

  /** Any answer is one, refusals too, but for "later": then it asks again. Throws a LabError when there is none. */
  async ask(question: Question): Promise<Answer> {
    try {
      for (let attempt = 1; ; attempt++) {
        const answer = await this.#send(question);
        if (answer.retryAfter === undefined || attempt === PATIENCE) return answer;
        await sleep(answer.retryAfter * 1000);
      }
    } catch (error) {
      throw unreachable(error);
    }
  }

  #send(question: Question): Promise<Answer> {
    const { method, path, accept = 'application/json', body } = question;
    const headers = { accept, ...(body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' }) };
    return new Promise((resolve, reject) => {
      const asked = request(new URL(path, this.#server), { method, headers, agent: this.#agent }, (response) => {
        const { statusCode: status = 0 } = response;
        text(response)
          .then((json) => resolve({ status, body: parsed(json), ...later(status, response.headers) }))
          .catch(reject);
      });
      // An API server that was restarted meanwhile has ended the socket. Whatever is asked may be asked twice.
      asked.once('error', (error) => (asked.reusedSocket ? resolve(this.#send(question)) : reject(error)));
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
