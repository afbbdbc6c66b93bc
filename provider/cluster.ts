import { isDeepStrictEqual } from 'node:util';
import { groupKind, KubernetesApi, type Connection, type Kind, type LiveObject } from '../cluster/api';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { routingKinds } from '../mesh/manifests/route-set';
import { setLabel } from './set';

export type { LiveObject } from '../cluster/api';

/** The field manager of routes. */
const manager = 'meshwright';
/** Version in which kinds are listed; an object is the same in each. */
const apiVersion = 'networking.istio.io/v1';
/** Known without discovery, in all versions that Istio has served. */
const kinds = new Map(
  Object.entries(routingKinds).map(([kind, plural]): [string, Kind] => [
    groupKind({ apiVersion, kind }),
    {
      plural,
      namespaced: true,
      apiVersions: [apiVersion, 'networking.istio.io/v1beta1', 'networking.istio.io/v1alpha3'],
    },
  ]),
);

/** The routing objects of a cluster. */
export class Cluster {
  private readonly api: KubernetesApi;

  constructor(connection: Connection, signal?: AbortSignal) {
    this.api = new KubernetesApi(connection, kinds, signal);
  }

  /**
   * Server-side apply: an existing object is taken over. Afterwards all of `spec` is as stated; fields that others have added to it are removed.
   * @throws ApiError when the API server refuses it.
   */
  async apply(object: KubernetesObject): Promise<void> {
    const live = await this.api.apply(object, { manager, strict: true });
    if (isDeepStrictEqual(live.spec, object.spec)) return;
    await this.api.patch(object, [{ op: 'replace', path: '/spec', value: object.spec }], manager);
  }

  async get(object: KubernetesObject): Promise<LiveObject | undefined> {
    return this.api.get(object);
  }

  /** All routing objects of a namespace, metadata only. */
  async all(namespace: string): Promise<LiveObject[]> {
    return this.list(namespace, undefined, true);
  }

  /** The objects of a set that are not being deleted, metadata only. */
  async names(namespace: string, id: string): Promise<LiveObject[]> {
    return this.list(namespace, id, true);
  }

  /** The objects of a set that are not being deleted. */
  async objects(namespace: string, id: string): Promise<LiveObject[]> {
    return this.list(namespace, id, false);
  }

  /** Deletes an object; an object that does not exist is no error. */
  async remove(object: KubernetesObject): Promise<void> {
    await this.api.remove(object);
  }

  private async list(namespace: string, id: string | undefined, metadataOnly: boolean): Promise<LiveObject[]> {
    const selector = id === undefined ? {} : { labelSelector: `${setLabel}=${id}` };
    const lists = await Promise.all(
      [...kinds.keys()].map((key) => this.api.list(key, { namespace, metadataOnly, ...selector })),
    );
    return lists.flat().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }
}
