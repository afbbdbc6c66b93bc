import { z } from 'zod';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { LabError } from '../errors';
import type { Lab } from '../types';
import { Connection } from './connection';
import type { Answer, Question } from './connection';
import { DISCOVERY, groupKind, parseKinds } from './kinds';
import type { Kind, Kinds } from './kinds';
import { asLive } from './live-object';
import type { LiveObject } from './live-object';
import { refusalText } from './refusal';

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
}

// Of a typed list, the entries do not say what they are.
const listSchema = z.object({ apiVersion: z.string(), kind: z.string(), items: z.array(z.looseObject({})) });

function resourcePath(apiVersion: string, { plural }: Kind, namespace?: string, name?: string): string {
  const root = apiVersion.includes('/') ? '/apis' : '/api';
  const space = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}/${apiVersion}${space}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** Those in use, so that their connections are used again. */
const apiServers = new WeakMap<Pick<Lab, 'kubeconfig'>, ApiServer>();

/** The lab's API server, asked for objects of any kind. What it does not know, or no longer, is not there. */
export class ApiServer {
  #kinds: Promise<Kinds> | undefined;

  private constructor(private readonly connection: Connection) {}

  /** The API server of a lab. Throws a LabError when the lab has no kubeconfig. */
  static of(lab: Pick<Lab, 'kubeconfig'>): ApiServer {
    const known = apiServers.get(lab) ?? new ApiServer(new Connection(lab.kubeconfig));
    apiServers.set(lab, known);
    return known;
  }

  /** The kinds that are served, as last read. */
  kinds(): Promise<Kinds> {
    this.#kinds ??= this.freshKinds();
    return this.#kinds;
  }

  /** The kinds that are served at this moment. */
  async freshKinds(): Promise<Kinds> {
    const ask = (path: string): Promise<Answer | undefined> => this.ask({ method: 'GET', path, accept: DISCOVERY });
    const [core, groups] = await Promise.all([ask('/api'), ask('/apis')]);
    const kinds = parseKinds(core?.body, groups?.body);
    this.#kinds = Promise.resolve(kinds);
    return kinds;
  }

  async get(object: KubernetesObject): Promise<LiveObject | undefined> {
    const path = await this.pathOf(object);
    const answer = path === undefined ? undefined : await this.ask({ method: 'GET', path });
    return answer === undefined ? undefined : asLive(answer.body);
  }

  /** The objects of a kind, in its preferred version. */
  async list(kind: Kind, { namespace, labelSelector }: ListOptions = {}): Promise<LiveObject[]> {
    const query = labelSelector === undefined ? '' : `?labelSelector=${encodeURIComponent(labelSelector)}`;
    const path = resourcePath(kind.apiVersions[0] ?? '', kind, namespace) + query;
    const answer = await this.ask({ method: 'GET', path });
    if (answer === undefined) return [];
    const list = listSchema.parse(answer.body);
    const type = { apiVersion: list.apiVersion, kind: list.kind.replace(/List$/, '') };
    return list.items.map((item) => asLive({ ...type, ...item }));
  }

  /**
   * Server-side apply as one field manager, taking back fields that others have changed.
   * @returns why the API server refuses the object; undefined when it is applied
   */
  async apply(object: KubernetesObject, { manager }: { readonly manager: string }): Promise<string | undefined> {
    const path = await this.pathOf(object);
    if (path === undefined) return `the API server knows no ${object.kind} in ${object.apiVersion}`;
    const query = new URLSearchParams({ fieldManager: manager, force: 'true' });
    const answer = await this.connection.ask({ method: 'PATCH', path: `${path}?${query.toString()}`, body: object });
    return answer.status < 300 ? undefined : refusalText(answer);
  }

  /** Begins to delete an object. */
  async remove(object: KubernetesObject): Promise<void> {
    const path = await this.pathOf(object);
    if (path !== undefined) await this.ask({ method: 'DELETE', path });
  }

  private async pathOf({ apiVersion, kind, metadata }: KubernetesObject): Promise<string | undefined> {
    const known = (await this.kinds()).get(groupKind({ apiVersion, kind }));
    if (known?.apiVersions.includes(apiVersion) !== true) return undefined;
    const namespace = known.namespaced ? (metadata.namespace ?? 'default') : undefined;
    return resourcePath(apiVersion, known, namespace, metadata.name);
  }

  /** The answer when it is a good one, undefined when what is asked for is not there. */
  private async ask(question: Question): Promise<Answer | undefined> {
    const answer = await this.connection.ask(question);
    if (answer.status === 404) return undefined;
    if (answer.status < 300) return answer;
    throw new LabError(`${question.method} ${question.path} failed:\n${refusalText(answer)}`);
  }
}
