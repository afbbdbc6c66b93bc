import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import type { KubeconfigOptions, KubernetesApi, LiveObject } from '../cluster/api';
import { objectTitle, type KubernetesObject } from '../mesh/manifests/kubernetes';
import { makerOf, takeoverHint, takesOverAll } from './ownership';

/** Tells the Kubernetes provider the field manager under which to apply an object. */
export const fieldManagerAnnotation = 'pulumi.com/patchFieldManager';

/**
 * Protects objects that others made, and lets an update finish what an interrupted one began
 * (docs/decisions/takeover.md). Applies to all Kubernetes objects that are registered afterwards:
 * - each is applied under its own field manager, which shows the resource that made it
 * - an object is created only if it does not exist, or the same resource made it. The provider takes such an object
 *   over only with `kubernetes:upsertExistingObjects`
 * @param cluster - the stack's cluster
 */
export function takeOverOwnObjects(cluster: KubeconfigOptions): void {
  const stack = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join('/');
  const open = async (): Promise<KubernetesApi> => {
    const { KubernetesApi: Api } = await import('../cluster/api/index.js');
    return Api.open(cluster);
  };
  const isRecovery = new pulumi.Config('kubernetes').getBoolean('upsertExistingObjects') === true;
  const beforeCreate = takesOverAll()
    ? undefined
    : new pulumi.ResourceHook('only-own-objects', guard(open, isRecovery), { onDryRun: true });
  pulumi.runtime.registerResourceTransform(ownership(stack, beforeCreate));
}

/** Adds field manager and hook to every Kubernetes object. */
function ownership(stack: string, beforeCreate: pulumi.ResourceHook | undefined): pulumi.ResourceTransform {
  return ({ type, name, props, opts }) => {
    if (!isObject(type, props)) return undefined;
    // The SDK passes an absent deleteBeforeReplace as false, which would overrule the provider's own choice.
    const { deleteBeforeReplace, ...others } = opts as pulumi.CustomResourceOptions;
    const own = deleteBeforeReplace === true ? opts : others;
    // A patch is meant for an object that others made.
    const isPatch = type.endsWith(`:${props.kind}Patch`);
    const hooks = {
      ...own.hooks,
      beforeCreate: [...(own.hooks?.beforeCreate ?? []), ...(beforeCreate === undefined ? [] : [beforeCreate])],
    };
    return { props: managedBy(props, fieldManager(stack, name)), opts: isPatch ? own : { ...own, hooks } };
  };
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
  return { ...object, metadata: mapped(object.metadata, (metadata) => withAnnotation(metadata, manager)) };
}

function withAnnotation(metadata: object, manager: string): object {
  const { annotations } = metadata as { annotations?: unknown };
  return {
    ...metadata,
    annotations: mapped(annotations, (own) => ({ [fieldManagerAnnotation]: manager, ...own })),
  };
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
 * A hook that refuses to create an object that others made.
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
    if (typeof (object.metadata as Partial<KubernetesObject['metadata']> | undefined)?.name !== 'string') return;
    api ??= open();
    const live = await api.then((all) => all.get(object, { metadataOnly: true })).catch(unlessPreview);
    const reason = live === undefined ? undefined : refusal(object, live, isRecovery);
    if (reason !== undefined) throw new Error(reason);
  };
}

function unlessPreview(error: unknown): undefined {
  if (pulumi.runtime.isDryRun()) return undefined;
  throw error;
}

function refusal(object: KubernetesObject, live: LiveObject, isRecovery: boolean): string | undefined {
  const title = objectTitle(object);
  if (live.metadata.deletionTimestamp !== undefined) return `${title} is being deleted: run again when it is gone`;
  if (isAppliedBy(live, object.metadata.annotations?.[fieldManagerAnnotation] ?? '')) {
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
    takeoverHint,
  ].join('\n');
}

function isAppliedBy({ metadata }: LiveObject, manager: string): boolean {
  return (metadata.managedFields ?? []).some((entry) => entry.manager === manager && entry.operation === 'Apply');
}
