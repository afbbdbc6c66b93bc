import { isDeepStrictEqual } from 'node:util';
import { ApiError, groupKind, KubernetesApi, type Connection, type Kind, type LiveObject } from '../cluster/api';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { routingKinds } from '../mesh/manifests/route-set';
import { routeManager } from '../mesh/manifests/route-set';

/** How often a write is tried when the owner of some fields writes them at the same time. */
const attempts = 10;
/**
 * Messages with which the API server refuses a write with an old resourceVersion: an apply, and a JSON patch with a
 * test.
 */
const conflicts = [409, 422];
/** Version for listing objects; they are the same in each version. */
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

  /** @param wrote - called with each written object; for a removed object, with the object and undefined */
  constructor(
    connection: Connection,
    signal?: AbortSignal,
    private readonly wrote: (object: KubernetesObject, live: LiveObject | undefined) => void = () => undefined,
  ) {
    this.api = new KubernetesApi(connection, kinds, signal);
  }

  /**
   * Server-side apply: an existing object is taken over. Afterwards `spec` is exactly as stated; fields that others
   * have added to it are removed.
   * @param keeping - combines the stated and the live object into the one to write, for fields that others own
   * @returns the written object
   * @throws ApiError when the API server refuses it.
   */
  async apply(
    object: KubernetesObject,
    keeping?: (stated: KubernetesObject, live: KubernetesObject) => KubernetesObject,
  ): Promise<LiveObject> {
    for (let attempt = 1; ; attempt++) {
      const live = keeping === undefined ? undefined : await this.api.get(object);
      try {
        const written = await this.write(
          live === undefined || keeping === undefined ? object : unchanged(keeping(object, live), live),
        );
        this.wrote(object, written);
        return written;
      } catch (error) {
        // The owner of those fields wrote them meanwhile.
        if (
          live === undefined ||
          attempt === attempts ||
          !(error instanceof ApiError) ||
          !conflicts.includes(error.status)
        )
          throw error;
      }
    }
  }

  /** With a resourceVersion the API server refuses the object if it has changed since. */
  private async write(object: KubernetesObject): Promise<LiveObject> {
    const live = await this.api.apply(object, { manager: routeManager, strict: true });
    if (isDeepStrictEqual(live.spec, object.spec)) return live;
    const { resourceVersion: value } = live.metadata;
    const isGuarded = 'resourceVersion' in object.metadata;
    const test = isGuarded ? [{ op: 'test', path: '/metadata/resourceVersion', value }] : [];
    return this.api.patch(object, [...test, { op: 'replace', path: '/spec', value: object.spec }], routeManager);
  }

  async get(object: KubernetesObject): Promise<LiveObject | undefined> {
    return this.api.get(object);
  }

  async metadata(object: KubernetesObject): Promise<LiveObject | undefined> {
    return this.api.get(object, { metadataOnly: true });
  }

  /** All routing objects of a namespace that are not being deleted, metadata only. */
  async all(namespace: string): Promise<LiveObject[]> {
    const lists = await Promise.all(
      [...kinds.keys()].map((key) => this.api.list(key, { namespace, metadataOnly: true })),
    );
    return lists.flat().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** Deletes an object; an object that does not exist is not an error. */
  async remove(object: KubernetesObject): Promise<void> {
    await this.api.remove(object);
    this.wrote(object, undefined);
  }
}

function unchanged(object: KubernetesObject, { metadata: { resourceVersion } }: LiveObject): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion } as KubernetesObject['metadata'] };
}
