import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { z } from 'zod';
import { LabError } from '../errors';

/** Sockets that are kept open: more make two cores no quicker. */
const SOCKETS = 4;

export interface Answer {
  readonly status: number;
  /** The JSON of the answer; undefined when it is something else. */
  readonly body: unknown;
  /** What the API server warned of. */
  readonly warnings: readonly string[];
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

/** Texts of `Warning: 299 - "…"` (KEP-1693). */
function warningTexts(headers: readonly string[] = []): string[] {
  return headers.flatMap((header) => {
    const quoted = /^299 \S+ "((?:[^"\\]|\\.)*)"/.exec(header)?.[1];
    return quoted === undefined ? [] : [quoted.replace(/\\(.)/g, '$1')];
  });
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

/**
 * Connections to the lab's API server, kept open from one question to the next. Objects go and come as they are: the typed models of
 * the usual client library drop fields that they do not know, which the API server is to judge, and make dates of texts.
 */
export class Connection {
  private constructor(
    private readonly server: string,
    private readonly agent: Agent,
  ) {}

  /** Throws a LabError when there is no kubeconfig of a lab. */
  static async open(kubeconfig: string): Promise<Connection> {
    const file = await readFile(kubeconfig, 'utf8').catch((error: unknown) => {
      throw unreachable(error);
    });
    const { clusters, users } = kubeconfigSchema.parse(parse(file));
    const [{ cluster }, { user }] = [clusters, users];
    const credentials = {
      ca: cluster['certificate-authority-data'],
      cert: user['client-certificate-data'],
      key: user['client-key-data'],
    };
    return new Connection(cluster.server, new Agent({ keepAlive: true, maxSockets: SOCKETS, ...credentials }));
  }

  /** Any answer is one, refusals too. Throws a LabError when there is none. */
  async ask({ method, path, accept = 'application/json', body }: Question): Promise<Answer> {
    const headers = { accept, ...(body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' }) };
    try {
      return await new Promise((resolve, reject) => {
        const asked = request(new URL(path, this.server), { method, headers, agent: this.agent }, (response) => {
          const warnings = warningTexts(response.headersDistinct['warning']);
          text(response)
            .then((json) => resolve({ status: response.statusCode ?? 0, body: parsed(json), warnings }))
            .catch(reject);
        });
        asked.once('error', reject);
        asked.end(body === undefined ? undefined : JSON.stringify(body));
      });
    } catch (error) {
      throw unreachable(error);
    }
  }

  close(): void {
    this.agent.destroy();
  }
}
