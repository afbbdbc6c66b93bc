import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { routingKinds } from '../mesh/manifests/route-set';
import type { Connection } from '../cluster/api/connection';
import { setLabel } from './set';

/** Who the fields that a set states belong to. */
const manager = 'meshwright';
/** Version in which kinds are listed; an object is the same in each. */
const listVersion = 'networking.istio.io/v1';
const namesOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** An object as the cluster has it, as far as it is used here. */
export interface LiveObject extends KubernetesObject {
  metadata: KubernetesObject['metadata'] & {
    resourceVersion?: string;
    deletionTimestamp?: string;
    managedFields?: readonly { manager?: string }[];
  };
}

/** The routing objects of a cluster. */
export class Cluster {
  constructor(
    private readonly connection: Connection,
    private readonly signal?: AbortSignal,
  ) {}

  /**
   * Server-side apply, so that an object that is there already is taken over. All of `spec` is then as stated: what others have added to it goes.
   * @throws ApiError when the API server refuses it.
   */
  async apply(object: KubernetesObject): Promise<void> {
    const path = `${pathOf(object)}?fieldManager=${manager}&force=true&fieldValidation=Strict`;
    const contentType = 'application/apply-patch+yaml';
    const live = (await this.connection.ask(
      { method: 'PATCH', path, contentType, body: object },
      this.signal,
    )) as LiveObject;
    if (isDeepStrictEqual(live.spec, object.spec)) return;
    const body = [{ op: 'replace', path: '/spec', value: object.spec }];
    await this.connection.ask(
      {
        method: 'PATCH',
        path: `${pathOf(object)}?fieldManager=${manager}`,
        contentType: 'application/json-patch+json',
        body,
      },
      this.signal,
    );
  }

  async get(object: KubernetesObject): Promise<LiveObject | undefined> {
    return (await this.connection.ask({ method: 'GET', path: pathOf(object) }, this.signal)) as LiveObject | undefined;
  }

  /** All routing objects of a namespace, without what is in them. */
  async all(namespace: string): Promise<LiveObject[]> {
    return this.list(namespace, undefined, namesOnly);
  }

  /** Those objects of a set that are not being deleted, kind and name only. */
  async names(namespace: string, id: string): Promise<KubernetesObject[]> {
    return this.list(namespace, id, namesOnly);
  }

  /** The same, with all that is in them. */
  async objects(namespace: string, id: string): Promise<LiveObject[]> {
    return this.list(namespace, id, 'application/json');
  }

  /** What is not there any more counts as deleted. */
  async remove(object: KubernetesObject): Promise<void> {
    await this.connection.ask({ method: 'DELETE', path: pathOf(object) }, this.signal);
  }

  private async list(namespace: string, id: string | undefined, accept: string): Promise<LiveObject[]> {
    const lists = await Promise.all(
      Object.entries(routingKinds).map(async ([kind, plural]) => {
        const selector = id === undefined ? '' : `?labelSelector=${encodeURIComponent(`${setLabel}=${id}`)}`;
        const path = `/apis/${listVersion}/namespaces/${namespace}/${plural}${selector}`;
        const list = (await this.connection.ask({ method: 'GET', path, accept }, this.signal)) as
          { items: LiveObject[] } | undefined;
        return (list?.items ?? []).map((item): LiveObject => ({ ...item, apiVersion: listVersion, kind }));
      }),
    );
    return lists.flat().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }
}

function pathOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const { namespace = 'default', name } = metadata;
  return `/apis/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${routingKinds[kind] ?? kind}/${encodeURIComponent(name)}`;
}
