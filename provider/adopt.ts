import * as pulumi from '@pulumi/pulumi';
import { isAppliedBy, movedFields, type KubernetesApi, type LiveObject } from '../cluster/api';
import { asMap, asName, asString, isPlainMap, type JsonMap } from '../mesh/json';
import {
  fieldManagerAnnotation,
  fieldManagerOf,
  isForProvider,
  objectTitle,
  type KubernetesObject,
} from '../mesh/manifests/kubernetes';
import { adoptHint, fixedDifference, isCovered, isWithin, obstacle, type Adopt } from './adoption';
import { isMarkedByOthers, isOfStack, makerOf, ownerOf } from './ownership';

/** Field managers of Meshwright's resources. */
const ownManagers = /^meshwright(-[0-9a-f]{20})?$/;

/** The part of the Kubernetes API that adoption uses. */
export type AdoptionApi = Pick<KubernetesApi, 'get' | 'list' | 'patch'> & {
  connection: Pick<KubernetesApi['connection'], 'server'>;
};

/**
 * Takes over existing objects: gives their resources Pulumi's option `import`, so that a preview shows them as imported. An object in the state has the same id and is not
 * imported again.
 */
export class Adoption {
  private readonly routes = new Map<string, Promise<Map<string, LiveObject>>>();
  private readonly found = new Map<string, Promise<LiveObject | undefined>>();

  /**
   * @param open - opens the cluster before the first look-up
   * @param isPreview - whether this run is a preview; transforms cannot ask Pulumi, since they run outside the program's context
   */
  constructor(
    private readonly open: () => Promise<AdoptionApi>,
    private readonly adopt: Adopt,
    private readonly isPreview = false,
  ) {}

  /**
   * The id under which to import an object.
   * @param manager - field manager of its resource
   * @returns undefined when it does not exist or must not be taken over; then the guard before its creation reports the reason
   */
  async objectId(object: KubernetesObject, manager: string): Promise<string | undefined> {
    if (!isCovered(this.adopt, objectTitle(object))) return undefined;
    const live = await this.live(object);
    if (live === undefined || obstacle(live) !== undefined) return undefined;
    if (fixedDifference(await resolved(object), live) !== undefined) return undefined;
    // A renamed resource deletes the object under its old name, so this one must not be imported under a new one unless it is named.
    const isOther = this.adopt === true && isAppliedByOthers(live, manager);
    return isOther ? undefined : idOf(live);
  }

  /** Whether the first change of an object takes fields from other managers, see {@link isContested}. */
  async isContested(object: KubernetesObject, manager: string): Promise<boolean> {
    const live = await this.live(object);
    return live !== undefined && isContested(await resolved(object), live, manager);
  }

  /** The id under which to import a Helm release: it has a deployed revision. */
  async releaseId(release: JsonMap): Promise<string | undefined> {
    const [namespace, name] = [asName(release['namespace']), asName(release['name'])];
    if (namespace === undefined || name === undefined) return undefined;
    if (!isCovered(this.adopt, objectTitle({ kind: 'Release', metadata: { name, namespace } }))) return undefined;
    const isDeployed = await this.look(async (api) => isReleaseDeployed(api, namespace, name));
    return isDeployed === true ? `${namespace}/${name}` : undefined;
  }

  /**
   * The id under which to import a Route, when one of its objects exists and all that exist may be taken over.
   * @param urn - URN of its resource
   */
  async routeId(urn: string, inputs: JsonMap): Promise<string | undefined> {
    const namespace = asString(inputs['namespace']) ?? '';
    const found = await this.look(async (api) => ({
      server: api.connection.server,
      all: await this.list(api, namespace),
    }));
    if (found === undefined) return undefined;
    const owner = ownerOf(urn, found.server, namespace);
    const existing = Object.keys(asMap(inputs['objects'])).flatMap((title) => found.all.get(title) ?? []);
    const mayBeTaken = (live: LiveObject): boolean =>
      isOfStack(live, owner) ||
      (isCovered(this.adopt, objectTitle(live)) &&
        obstacle(live, inputs['weightsOwnedBy'] !== undefined) === undefined &&
        (this.adopt !== true || !isMarkedByOthers(live, owner)));
    return existing.length > 0 && existing.every(mayBeTaken) ? owner.id : undefined;
  }

  private live(object: KubernetesObject): Promise<LiveObject | undefined> {
    const key = `${object.apiVersion} ${objectTitle(object)}`;
    const known = this.found.get(key);
    if (known !== undefined) return known;
    const found = this.look(async (api) => api.get(object));
    this.found.set(key, found);
    return found;
  }

  private list(api: AdoptionApi, namespace: string): Promise<Map<string, LiveObject>> {
    const known = this.routes.get(namespace);
    if (known !== undefined) return known;
    const kinds = ['VirtualService', 'DestinationRule'].map((kind) => `${kind}.networking.istio.io`);
    const lists = Promise.all(kinds.map((key) => api.list(key, { namespace, metadataOnly: true })));
    const objects = lists.then((all) => new Map(all.flat().map((live) => [objectTitle(live), live])));
    this.routes.set(namespace, objects);
    return objects;
  }

  /** A preview may run before the cluster exists. */
  private async look<T>(ask: (api: AdoptionApi) => Promise<T>): Promise<T | undefined> {
    try {
      return await ask(await this.open());
    } catch (error) {
      if (this.isPreview) return undefined;
      throw error;
    }
  }
}

/** An Output of the SDK, with the parts that its types hide. A value that only the update knows is not known in a preview. */
interface Pending {
  isKnown: Promise<boolean>;
  promise: () => Promise<unknown>;
}

/** Properties as a transform or a hook gets them, with plain values for secrets. What is not known yet counts as not stated. */
async function resolved<T>(value: T): Promise<T> {
  let inner: unknown = value;
  if (pulumi.runtime.isRpcSecret(inner)) inner = pulumi.runtime.unwrapRpcSecret(inner);
  if (pulumi.Output.isInstance(inner)) {
    const pending = inner as unknown as Pending;
    return (await pending.isKnown) ? resolved((await pending.promise()) as T) : (undefined as T);
  }
  if (Array.isArray(inner)) return (await Promise.all(inner.map(resolved))) as T;
  if (!isPlainMap(inner)) return inner as T;
  const entries = Object.entries(inner).map(async ([key, item]) => [key, await resolved(item)]);
  return Object.fromEntries(await Promise.all(entries)) as T;
}

/** Whether Helm has a deployed revision of a release. */
export async function isReleaseDeployed(
  api: Pick<KubernetesApi, 'list'>,
  namespace: string,
  name: string,
): Promise<boolean> {
  const labelSelector = `owner=helm,name=${name},status=deployed`;
  return (await api.list('Secret', { namespace, labelSelector, metadataOnly: true })).length > 0;
}

/** Why an existing object is not taken over, and how to take it over. */
export async function notAdopted(object: KubernetesObject, live: LiveObject): Promise<string> {
  const reason = obstacle(live) ?? fixedDifference(await resolved(object), live);
  if (reason !== undefined) return `It cannot be taken over: ${reason}.`;
  const title = objectTitle(object);
  return isAppliedByOthers(live, fieldManagerOf(object) ?? '')
    ? `To take it over from another Meshwright stack, name it: meshwright:adopt: [${JSON.stringify(title)}]. With true it stays there.`
    : `${adoptHint(title)}.`;
}

function idOf({ metadata: { namespace, name } }: LiveObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/**
 * Whether an update of an object that the stack has not written yet changes fields of other managers. A preview of
 * it is a conflict, since a preview moves no fields.
 */
function isContested(stated: KubernetesObject, live: LiveObject, manager: string): boolean {
  if (isAppliedBy(live, manager) || movedFields(stated, live, manager) === undefined) return false;
  const { annotations = {}, ...metadata } = stated.metadata;
  const own = Object.entries(annotations).filter(([key]) => !isForProvider(key));
  const compared = {
    ...stated,
    metadata: own.length === 0 ? metadata : { ...metadata, annotations: Object.fromEntries(own) },
  };
  return !isWithin(compared, live);
}

/**
 * A hook that moves the fields of an adopted object to its resource, before an update applies it. An object that
 * `meshwright adopt` took over has not been written, so its first change moves them.
 * @param adopt - the objects to adopt: others cannot be previewed before their first change
 */
export function moveFields(
  open: () => Promise<Pick<AdoptionApi, 'get' | 'patch'>>,
  adopt: Adopt = true,
  isPreview = false,
): pulumi.ResourceHookFunction {
  return async ({ newInputs, oldInputs, oldOutputs }) => {
    const object = (await resolved(newInputs)) as KubernetesObject;
    const manager = fieldManagerOf(object);
    if (manager === undefined) return;
    const api = await open();
    const live = await api.get(object);
    if (live === undefined) return;
    // An import reads no field manager into the state.
    const isImported = fieldManagerOf(oldInputs as KubernetesObject) !== manager;
    // An object that others have deleted and created anew is not the adopted one.
    const isSame = live.metadata.uid !== undefined && live.metadata.uid === uidOf(oldOutputs);
    if (!isImported && (!isSame || isAppliedBy(live, manager))) return;
    const title = objectTitle(object);
    if (isPreview && !isCovered(adopt, title) && isContested(object, live, manager))
      throw new Error(
        `${title} was adopted, and other tools still own its fields${makerOf(live)}: its first change needs it in meshwright:adopt. ${adoptHint(title)}.`,
      );
    if (isPreview) return;
    const moved = movedFields(object, live, manager);
    if (moved === undefined) return;
    const { resourceVersion: value } = live.metadata;
    const operations = [
      { op: 'test', path: '/metadata/resourceVersion', value },
      { op: 'replace', path: '/metadata/managedFields', value: moved.entries },
    ];
    await api.patch(object, operations, manager);
  };
}

function uidOf(outputs: unknown): unknown {
  return asMap(asMap(outputs)['metadata'])['uid'];
}

/** A hook that removes the annotation with the field manager from an object that a patch has changed. */
export function unmark(open: () => Promise<Pick<AdoptionApi, 'get' | 'patch'>>): pulumi.ResourceHookFunction {
  return async ({ newInputs }) => {
    const object = (await resolved(newInputs)) as KubernetesObject;
    const api = await open();
    const live = await api.get(object);
    const value = live?.metadata.annotations?.[fieldManagerAnnotation];
    if (value === undefined) return;
    const path = `/metadata/annotations/${fieldManagerAnnotation.replace('/', '~1')}`;
    await api.patch(
      object,
      [
        { op: 'test', path, value },
        { op: 'remove', path },
      ],
      'meshwright',
    );
  };
}

function isAppliedByOthers({ metadata }: LiveObject, manager: string): boolean {
  return (metadata.managedFields ?? []).some(
    (entry) => entry.operation === 'Apply' && entry.manager !== manager && ownManagers.test(entry.manager ?? ''),
  );
}
