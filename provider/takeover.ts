import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import { isAppliedBy, type KubeconfigOptions, type KubernetesApi, type LiveObject } from '../cluster/api';
import type { JsonMap } from '../mesh/json';
import {
  fieldManagerAnnotation,
  fieldManagerOf,
  forceAnnotation,
  isPatchOf,
  objectTitle,
  releaseType,
  type KubernetesObject,
} from '../mesh/manifests/kubernetes';
import { isRouteType } from '../mesh/manifests/route-set';
import { Adoption, isReleaseDeployed, moveFields, notAdopted, unmark, type AdoptionApi } from './adopt';
import { adoptHint, ignoredPaths, isCovered, type Adopt } from './adoption';
import { handToHelm, installedByIstioctl, type IstioRelease } from './istioctl';
import { makerOf, takesOverAll } from './ownership';

/**
 * Protects objects that this stack did not create, and lets an update finish what an interrupted one began
 * (docs/decisions/takeover.md). Applies to all Kubernetes objects that are registered afterwards:
 * - each is applied under its own field manager, which shows the resource that made it
 * - an object is created only if it does not exist, or the same resource made it. The provider takes such an object
 *   over only with `kubernetes:upsertExistingObjects`
 * - an object that the stack file adopts is imported
 * @param cluster - the stack's cluster
 * @param adopt - existing objects, Routes and Helm releases to adopt (docs/adopt-and-leave.md)
 */
export function takeOverOwnObjects(cluster: KubeconfigOptions, adopt: Adopt = false): void {
  const [project, name, isPreview] = [pulumi.getProject(), pulumi.getStack(), pulumi.runtime.isDryRun()];
  const stack = [pulumi.getOrganization(), project, name].join('/');
  let opened: Promise<KubernetesApi> | undefined;
  const open = (): Promise<KubernetesApi> =>
    (opened ??= import('../cluster/api/index.js').then(({ KubernetesApi: Api }) => Api.open(cluster)));
  const isRecovery = new pulumi.Config('kubernetes').getBoolean('upsertExistingObjects') === true;
  const hooks = takesOverAll()
    ? {}
    : {
        object: new pulumi.ResourceHook('only-own-objects', guard(open, isRecovery), { onDryRun: true }),
        release: new pulumi.ResourceHook('only-own-releases', releaseGuard(open, adopt, isPreview), { onDryRun: true }),
      };
  const moved = new pulumi.ResourceHook('adopted-fields', moveFields(open, adopt, isPreview), { onDryRun: true });
  const unmarked = new pulumi.ResourceHook('no-marks-on-objects-of-others', unmark(open));
  pulumi.runtime.registerResourceTransform(ownership(stack, { ...hooks, moved, unmarked }));
  if (adopt === false) return;
  const adoption = new Adoption(open, adopt, isPreview);
  pulumi.runtime.registerResourceTransform(adopting(stack, `urn:pulumi:${name}::${project}`, adoption, isPreview));
}

/** Adds field manager and hook to every Kubernetes object, and a hook to every Helm release. */
function ownership(
  stack: string,
  {
    object,
    release,
    moved,
    unmarked,
  }: Partial<Record<'object' | 'release', pulumi.ResourceHook>> & Record<'moved' | 'unmarked', pulumi.ResourceHook>,
): pulumi.ResourceTransform {
  return ({ type, name, props, opts }) => {
    if (type === releaseType) return { props, opts: withHook(own(opts), 'beforeCreate', release) };
    if (!isObject(type, props)) return undefined;
    const managed = managedBy(props, fieldManager(stack, name));
    if (isPatchOf(props.kind, type)) return { props: managed, opts: patchOptions(own(opts), unmarked) };
    const ignored = ignoredPaths(props);
    const options =
      ignored.length === 0 ? own(opts) : { ...own(opts), ignoreChanges: [...(opts.ignoreChanges ?? []), ...ignored] };
    return { props: managed, opts: withHook(withHook(options, 'beforeCreate', object), 'beforeUpdate', moved) };
  };
}

/**
 * A patch names its field manager only while it is applied: two stacks that patch one object would conflict in the
 * annotation. A refresh does not find it, and must not write it again.
 */
function patchOptions(opts: pulumi.CustomResourceOptions, unmarked: pulumi.ResourceHook): pulumi.CustomResourceOptions {
  const ignoreChanges = [...(opts.ignoreChanges ?? []), `metadata.annotations["${fieldManagerAnnotation}"]`];
  return withHook(withHook({ ...opts, ignoreChanges }, 'afterCreate', unmarked), 'afterUpdate', unmarked);
}

/** Adds the option `import` to existing resources that may be adopted. Must come after {@link ownership}. */
function adopting(stack: string, urn: string, adoption: Adoption, isPreview: boolean): pulumi.ResourceTransform {
  return async ({ type, name, props, opts }) => {
    const isTaken = isObject(type, props) && !isPatchOf(props.kind, type) && isNamed(props);
    const id =
      type === releaseType
        ? await adoption.releaseId(props)
        : isRouteType(type)
          ? await adoption.routeId(await urnOf(urn, type, name, opts.parent), props)
          : isTaken
            ? await adoption.objectId(props as unknown as KubernetesObject, fieldManager(stack, name))
            : undefined;
    if (id === undefined) return undefined;
    const options = { ...own(opts), import: id };
    // An update moves the fields first, which a preview must not do.
    const isForced =
      isPreview &&
      isTaken &&
      (await adoption.isContested(props as unknown as KubernetesObject, fieldManager(stack, name)));
    return { props: isForced ? annotatedWith(props, { [forceAnnotation]: 'true' }) : props, opts: options };
  };
}

/** A name that depends on other resources is not known yet. */
function isNamed({ metadata }: { metadata?: unknown }): boolean {
  return typeof (metadata as Partial<JsonMap> | undefined)?.['name'] === 'string';
}

/** The SDK passes an absent deleteBeforeReplace as false, which would overrule the provider's own choice. */
function own(opts: pulumi.ResourceOptions): pulumi.CustomResourceOptions {
  const { deleteBeforeReplace, ...others } = opts as pulumi.CustomResourceOptions;
  return deleteBeforeReplace === true ? opts : others;
}

function withHook(
  opts: pulumi.CustomResourceOptions,
  at: 'afterCreate' | 'afterUpdate' | 'beforeCreate' | 'beforeUpdate',
  hook: pulumi.ResourceHook | undefined,
): pulumi.CustomResourceOptions {
  if (hook === undefined) return opts;
  return { ...opts, hooks: { ...opts.hooks, [at]: [...(opts.hooks?.[at] ?? []), hook] } };
}

/** URN of a resource that is being registered; `start` names stack and project, which a transform cannot ask for. */
async function urnOf(start: string, type: string, name: string, parent: pulumi.Resource | undefined): Promise<string> {
  const above = parent === undefined ? '' : await new Promise<string>((resolve) => parent.urn.apply(resolve));
  const types = above.split('::')[2] ?? '';
  const isChild = types !== '' && types !== 'pulumi:pulumi:Stack';
  return `${start}::${isChild ? `${types}$` : ''}${type}::${name}`;
}

/** Excludes providers, and Helm releases, whose charts make their own objects. */
function isObject(type: string, props: object): props is { kind: string; metadata?: unknown } {
  return type.startsWith('kubernetes:') && 'kind' in props && typeof props.kind === 'string';
}

/**
 * Field manager of a resource: the same in every run. The provider's own choice is random, so after an interrupted
 * update it would be unknown which resource made an object.
 * @param stack - the stack's full name, `organization/project/stack`
 * @param name - the resource's name
 */
export function fieldManager(stack: string, name: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([stack, name]))
    .digest('hex');
  return `meshwright-${hash.slice(0, 20)}`;
}

/**
 * The object with the annotation that names the field manager, unless it has one. Its metadata may be missing, so that
 * the provider chooses a name, or may be an Output.
 */
export function managedBy<T extends { metadata?: unknown }>(object: T, manager: string): T {
  return annotatedWith(object, { [fieldManagerAnnotation]: manager });
}

function annotatedWith<T extends { metadata?: unknown }>(object: T, more: Record<string, string>): T {
  const metadata = mapped(object.metadata, (plain) => {
    const { annotations } = plain as { annotations?: unknown };
    return { ...plain, annotations: mapped(annotations, (stated) => ({ ...more, ...stated })) };
  });
  return { ...object, metadata };
}

/** Changes a value in a transform: the SDK wraps secrets, and values that are unknown in a preview stay unknown. */
function mapped(value: unknown, change: (plain: object) => object): unknown {
  if (pulumi.isUnknown(value)) return value;
  if (pulumi.runtime.isRpcSecret(value))
    return pulumi.secret(change(asObject(pulumi.runtime.unwrapRpcSecret(value) as unknown)));
  return pulumi.Output.isInstance(value) ? value.apply((plain) => change(asObject(plain))) : change(asObject(value));
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

/**
 * A hook that refuses to create an object that exists and that this stack did not create.
 * @param open - opens the cluster before the first object is created; most runs create none
 * @param isRecovery - whether the provider takes over objects that this stack made
 * @throws Error that says who made the object, or why the cluster cannot be asked. A preview may run before the cluster exists.
 */
export function guard(
  open: () => Promise<Pick<KubernetesApi, 'get'>>,
  isRecovery: boolean,
): pulumi.ResourceHookFunction {
  let api: ReturnType<typeof open> | undefined;
  return async ({ newInputs }) => {
    const object = newInputs as KubernetesObject;
    // A name that depends on other resources is not known in a preview.
    if (!isNamed(object)) return;
    api ??= open();
    const live = await api.then((all) => all.get(object)).catch(unlessPreview);
    const reason = live === undefined ? undefined : await refusal(object, live, isRecovery);
    if (reason !== undefined) throw new Error(reason);
  };
}

/** A hook that refuses to install a Helm release that exists, and hands objects of istioctl to one that is adopted. */
function releaseGuard(open: () => Promise<AdoptionApi>, adopt: Adopt, isPreview: boolean): pulumi.ResourceHookFunction {
  return async ({ newInputs = {} }) => {
    const { namespace, name, chart } = newInputs as Partial<IstioRelease>;
    if (namespace === undefined || name === undefined || chart === undefined) return;
    const title = objectTitle({ kind: 'Release', metadata: { name, namespace } });
    try {
      const api = await open();
      if (await isReleaseDeployed(api, namespace, name))
        throw new RefusedRelease(`${title} exists, and this stack did not install it.\n${adoptHint(title)}.`);
      const objects = await installedByIstioctl(api, { name, namespace, chart });
      if (objects.length === 0) return;
      const what = `${objects.length} objects that istioctl installed`;
      if (!isCovered(adopt, title)) throw new RefusedRelease(`${title}: ${what} exist.\n${adoptHint(title)}.`);
      if (!isPreview) await handToHelm(api, objects, { name, namespace, chart });
    } catch (error) {
      if (error instanceof RefusedRelease || !isPreview) throw error;
    }
  };
}

class RefusedRelease extends Error {}

function unlessPreview(error: unknown): undefined {
  if (pulumi.runtime.isDryRun()) return undefined;
  throw error;
}

async function refusal(object: KubernetesObject, live: LiveObject, isRecovery: boolean): Promise<string | undefined> {
  const title = objectTitle(object);
  if (live.metadata.deletionTimestamp !== undefined) return `${title} is being deleted: run again when it is gone`;
  if (isAppliedBy(live, fieldManagerOf(object) ?? '')) {
    // In the preview of a replacement it has not been deleted yet.
    return isRecovery || pulumi.runtime.isDryRun()
      ? undefined
      : `${title} exists: an interrupted update of this stack created it. Set kubernetes:upsertExistingObjects to true for the next update, which then takes over this stack's own objects and no others.`;
  }
  return [
    `${title} exists, and this stack did not create it${makerOf(live)}.`,
    ...(object.kind === 'Namespace'
      ? ['With `existing: true` the stack only labels a namespace, and keeps it on destroy.']
      : []),
    await notAdopted(object, live),
  ].join('\n');
}
