import { apiGroup, type KubernetesObject, type ObjectMeta } from '../../mesh/manifests/kubernetes';
import { asList, asMap, asString } from '../../mesh/json';
import { Connection, type ApiRequest, type Response } from './connection';
import { apiError, ApiError } from './errors';
import type { KubeconfigOptions } from './kubeconfig';

/** An object as the API server returns it. */
export interface LiveObject extends KubernetesObject {
  metadata: ObjectMeta & {
    uid?: string;
    resourceVersion?: string;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    /** The field managers that have written the object, with the fields of each. */
    managedFields?: readonly ManagedFields[];
    ownerReferences?: readonly { kind: string; name: string; controller?: boolean }[];
  };
  status?: Record<string, unknown>;
}

/** Fields that a field manager has written. */
export interface ManagedFields {
  manager?: string;
  operation?: string;
  subresource?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: Record<string, unknown>;
}

/** A kind that the API server serves. */
export interface Kind {
  readonly plural: string;
  readonly namespaced: boolean;
  /** Versions of the API that serve it, the preferred one first: `apps/v1`. */
  readonly apiVersions: readonly string[];
}

/** Kinds by `Kind.group`; kinds of the core group by `Kind`. */
export type Kinds = ReadonlyMap<string, Kind>;

interface ReadOptions {
  /** Leave out spec and status. */
  readonly metadataOnly?: boolean;
}

interface ListOptions extends ReadOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
}

interface ApplyOptions {
  /** Name of the field manager. */
  readonly manager: string;
  /** Refuse fields that the kind does not have. Defaults to false: such fields are dropped. */
  readonly strict?: boolean;
  /** Check and default the object, and store nothing. Defaults to false. */
  readonly dryRun?: boolean;
}

/** One response lists the kinds of all groups (KEP-3352). */
const discovery = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const partial = (type: string): string => `application/json;as=${type};g=meta.k8s.io;v=v1`;

/** Key of a kind in {@link Kinds}. */
export function groupKind({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): string {
  const group = apiGroup(apiVersion);
  return group === '' ? kind : `${kind}.${group}`;
}

/** The objects of a cluster, of any kind. Objects stay plain JSON: the typed models of @kubernetes/client-node drop fields that they do not know. */
export class KubernetesApi {
  /** @throws ClusterError when the kubeconfig cannot be used. */
  static open(options: KubeconfigOptions): KubernetesApi {
    return new KubernetesApi(Connection.open(options));
  }

  #discovering: Promise<Kinds> | undefined;
  #kinds: Promise<Kinds> | undefined;

  /**
   * @param known - kinds that need no discovery
   * @param signal - aborts all requests
   */
  constructor(
    readonly connection: Pick<Connection, 'send' | 'server'>,
    private readonly known: Kinds = new Map(),
    private readonly signal?: AbortSignal,
  ) {}

  /** The kinds that the API server serves, as last read. */
  kinds(): Promise<Kinds> {
    return this.#kinds ?? this.freshKinds();
  }

  /** The kinds that the API server serves now. */
  freshKinds(): Promise<Kinds> {
    this.#discovering ??= this.#discover().finally(() => (this.#discovering = undefined));
    const kinds = this.#discovering;
    kinds.then(
      () => (this.#kinds = kinds),
      () => undefined,
    );
    return kinds;
  }

  /**
   * @returns undefined when there is no such object, or no such kind (yet)
   * @throws ApiError, ClusterError
   */
  async get(object: KubernetesObject, { metadataOnly = false }: ReadOptions = {}): Promise<LiveObject | undefined> {
    const path = await this.#find(object);
    if (path === undefined) return undefined;
    const accept = metadataOnly ? { accept: partial('PartialObjectMetadata') } : {};
    const found = await this.#ask({ method: 'GET', path, ...accept });
    // Metadata alone comes as the kind PartialObjectMetadata.
    return found === undefined ? undefined : liveObject({ ...asMap(found), ...typeOf(object) });
  }

  /**
   * The objects of a kind, in its preferred version.
   * @throws ApiError, ClusterError
   */
  async list(key: string, { namespace, labelSelector, metadataOnly = false }: ListOptions = {}): Promise<LiveObject[]> {
    const kind = this.known.get(key) ?? (await this.kinds()).get(key) ?? (await this.freshKinds()).get(key);
    const apiVersion = kind?.apiVersions[0];
    if (kind === undefined || apiVersion === undefined) return [];
    const query = labelSelector === undefined ? '' : `?labelSelector=${encodeURIComponent(labelSelector)}`;
    const accept = metadataOnly ? { accept: partial('PartialObjectMetadataList') } : {};
    const list = await this.#ask({ method: 'GET', path: pathOf(apiVersion, kind, namespace) + query, ...accept });
    const type = { apiVersion, kind: key.split('.')[0] ?? key };
    return asList(asMap(list)['items']).map((item) => liveObject({ ...asMap(item), ...type }));
  }

  /**
   * Server-side apply. Takes fields over that other managers own.
   * @returns the object as the API server has it now
   * @throws ApiError when the API server refuses it; ClusterError
   */
  async apply(object: KubernetesObject, { manager, strict, dryRun }: ApplyOptions): Promise<LiveObject> {
    const query = new URLSearchParams({
      fieldManager: manager,
      force: 'true',
      ...(strict === true ? { fieldValidation: 'Strict' } : {}),
      ...(dryRun === true ? { dryRun: 'All' } : {}),
    });
    return this.#patch(object, query, 'application/apply-patch+yaml', object);
  }

  /**
   * A JSON patch (RFC 6902).
   * @throws ApiError, ClusterError
   */
  async patch(object: KubernetesObject, operations: readonly object[], manager: string): Promise<LiveObject> {
    const query = new URLSearchParams({ fieldManager: manager });
    return this.#patch(object, query, 'application/json-patch+json', operations);
  }

  /**
   * Starts the deletion of an object; an object that does not exist is not an error.
   * @throws ApiError, ClusterError
   */
  async remove(object: KubernetesObject): Promise<void> {
    const path = await this.#find(object);
    if (path !== undefined) await this.#ask({ method: 'DELETE', path });
  }

  async #patch(
    object: KubernetesObject,
    query: URLSearchParams,
    contentType: string,
    body: object,
  ): Promise<LiveObject> {
    const path = await this.#find(object);
    if (path === undefined) throw new ApiError(404, `the API server knows no ${object.kind} in ${object.apiVersion}`);
    const request: ApiRequest = { method: 'PATCH', path: `${path}?${query.toString()}`, contentType, body };
    const response = await this.connection.send(request, this.signal);
    return liveObject(good(response));
  }

  /** Path of an object; undefined when the API server does not serve its kind. */
  async #find({ apiVersion, kind, metadata }: KubernetesObject): Promise<string | undefined> {
    const key = groupKind({ apiVersion, kind });
    // An update may install CRDs, so a missing kind is looked up again.
    for (const source of [() => this.known, () => this.kinds(), () => this.freshKinds()]) {
      const kinds = await source();
      const found = kinds.get(key);
      if (found?.apiVersions.includes(apiVersion) !== true) continue;
      return pathOf(apiVersion, found, found.namespaced ? (metadata.namespace ?? 'default') : undefined, metadata.name);
    }
    return undefined;
  }

  /** The body of a good response; undefined for 404. */
  async #ask(request: ApiRequest): Promise<unknown> {
    const response = await this.connection.send(request, this.signal);
    return response.status === 404 ? undefined : good(response);
  }

  async #discover(): Promise<Kinds> {
    const ask = (path: string): Promise<unknown> => this.#ask({ method: 'GET', path, accept: discovery });
    return parseKinds(...(await Promise.all([ask('/api'), ask('/apis')])));
  }
}

function good({ status, body }: Response): unknown {
  if (status < 300) return body;
  throw apiError(status, body);
}

function pathOf(apiVersion: string, { plural }: Kind, namespace?: string, name?: string): string {
  const root = apiVersion.includes('/') ? '/apis' : '/api';
  const space = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}/${apiVersion}${space}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

function typeOf({ apiVersion, kind }: KubernetesObject): Pick<KubernetesObject, 'apiVersion' | 'kind'> {
  return { apiVersion, kind };
}

function liveObject(body: unknown): LiveObject {
  return body as LiveObject;
}

/** Reads APIGroupDiscoveryLists. */
export function parseKinds(...lists: readonly unknown[]): Kinds {
  const kinds = new Map<string, Kind>();
  for (const group of lists.flatMap((list) => asList(asMap(list)['items'])).map(asMap)) {
    const name = asString(asMap(group['metadata'])['name']) ?? '';
    for (const { version, resources } of asList(group['versions']).map(asMap)) {
      const apiVersion = name === '' ? String(version) : `${name}/${String(version)}`;
      for (const { resource, responseKind, scope } of asList(resources).map(asMap)) {
        const key = groupKind({ apiVersion, kind: asString(asMap(responseKind)['kind']) ?? '' });
        const known = kinds.get(key) ?? {
          plural: String(resource),
          namespaced: scope === 'Namespaced',
          apiVersions: [],
        };
        kinds.set(key, { ...known, apiVersions: [...known.apiVersions, apiVersion] });
      }
    }
  }
  return kinds;
}
