import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { Connection } from './connection';

/** Who has written an object: a part of Kubernetes' ObjectMeta that the API server keeps, and nobody copies with a manifest. */
export interface ManagedObject {
  metadata?: { deletionTimestamp?: string; managedFields?: readonly { manager?: string; operation?: string }[] };
}

/** Kubernetes' APIResourceList, as far as it is used here. */
interface ResourceList {
  resources: readonly { name: string; kind: string; namespaced: boolean }[];
}

/** Objects need not be read to see whose they are. */
const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/** Objects of any kind in a cluster, of which only the metadata is asked for. */
export class ClusterObjects {
  private readonly lists = new Map<string, Promise<ResourceList | undefined>>();

  constructor(private readonly connection: Pick<Connection, 'ask'>) {}

  /**
   * @returns undefined when it is not there, or the cluster does not know its kind (yet)
   * @throws ApiError, LiveError
   */
  async get({ apiVersion, kind, metadata }: KubernetesObject): Promise<ManagedObject | undefined> {
    const root = `${apiGroup(apiVersion) === '' ? '/api' : '/apis'}/${apiVersion}`;
    const { resources = [] } = (await this.list(root)) ?? {};
    // Subresources, such as pods/log, may have the kind of another.
    const resource = resources.find((one) => one.kind === kind && !one.name.includes('/'));
    if (resource === undefined) {
      // A cluster learns kinds while an update runs.
      this.lists.delete(root);
      return undefined;
    }
    const { namespace = 'default', name } = metadata;
    const space = resource.namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : '';
    const path = `${root}${space}/${resource.name}/${encodeURIComponent(name)}`;
    return (await this.connection.ask({ method: 'GET', path, accept: metadataOnly })) as ManagedObject | undefined;
  }

  private list(path: string): Promise<ResourceList | undefined> {
    const known = this.lists.get(path);
    if (known !== undefined) return known;
    const asked = this.connection.ask({ method: 'GET', path }) as Promise<ResourceList | undefined>;
    this.lists.set(path, asked);
    asked.catch(() => this.lists.delete(path));
    return asked;
  }
}
