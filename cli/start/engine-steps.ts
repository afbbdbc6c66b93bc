import type { EngineEvent } from '@pulumi/pulumi/automation';
import { asMap, asString, isMap, without } from '../../mesh/json';

/** A Kubernetes object or a Helm release, as a plan names it. */
export interface PlannedObject {
  kind: string;
  namespace?: string;
  name: string;
  /** Only some fields of an object that others own. */
  isPatch?: boolean;
}

export type StepMetadata = NonNullable<EngineEvent['resOutputsEvent']>['metadata'];
export type State = StepMetadata['old'];

/** The steps that import a resource. An update of it may follow. */
export function importSteps(events: readonly EngineEvent[]): Map<string, StepMetadata> {
  const steps = events.flatMap(({ resOutputsEvent }) => resOutputsEvent?.metadata ?? []);
  return new Map(steps.filter(({ op }) => op === 'import').map((step) => [step.urn, step]));
}

/** The steps on resources, each resource once. Components, providers and the stack itself are no objects of a cluster. */
export function resourceSteps(events: readonly EngineEvent[]): StepMetadata[] {
  const steps = new Map<string, StepMetadata>();
  for (const { resOutputsEvent } of events) {
    const metadata = resOutputsEvent?.metadata;
    if (metadata === undefined || !isObjectStep(metadata)) continue;
    // A replacement has three steps; only the step that creates the new object is shown.
    const isHalf = metadata.op === 'delete-replaced' || metadata.op === 'replace';
    if (!isHalf || !steps.has(metadata.urn)) steps.set(metadata.urn, metadata);
  }
  return [...steps.values()];
}

/** Whether a step is on an object of a cluster. */
export function isObjectStep({ type, old, new: next, op }: StepMetadata): boolean {
  const looks = ['read', 'refresh', 'read-discard', 'discard-replaced', 'remove-pending-replace'];
  return (next ?? old)?.custom === true && !type.startsWith('pulumi:') && !looks.includes(op);
}

/** The VirtualServices of a Route whose weights belong to a controller. */
export function weightOwners({ new: next }: StepMetadata): [string, string][] {
  const owner = asString(asMap(next?.inputs)['weightsOwnedBy']);
  const routes = routesOf(next).filter(([title]) => titledObject(title).kind === 'VirtualService');
  return owner === undefined ? [] : routes.map(([title]) => [title, owner]);
}

/** The objects of a Route by their titles, as the cluster has them if that is known. */
export function routesOf(state: State): [string, unknown][] {
  const objects = asMap(asMap(state?.outputs)['objects'] ?? asMap(state?.inputs)['objects']);
  return Object.entries(objects).map(([title, json]) => [title, parsed(json)]);
}

export function settingsOf(inputs: unknown): Record<string, unknown> {
  return without(asMap(inputs), 'objects', 'weights', 'kubeconfig', 'context');
}

/** An encrypted value is not JSON. */
export function parsed(text: unknown): unknown {
  try {
    return JSON.parse(asString(text) ?? '');
  } catch {
    return { secret: text };
  }
}

/** Name of a resource: `urn:pulumi:STACK::PROJECT::TYPES::NAME`. */
export function nameOf(urn: string): string {
  return urn.split('::').slice(3).join('::');
}

export function titledObject(title: string): PlannedObject {
  const [kind = '', id = ''] = title.split(' ');
  const [name = '', namespace] = id.split('/').toReversed();
  return { kind, ...(namespace === undefined ? {} : { namespace }), name };
}

export function resourceObject({ type, urn, old, new: next }: StepMetadata): PlannedObject {
  const kind = type.split(':').at(-1) ?? type;
  const inputs = asMap((next ?? old)?.inputs);
  const metadata = kind === 'Release' ? inputs : asMap(inputs['metadata']);
  const namespace = asString(metadata['namespace']);
  const isPatch = asString(inputs['kind']) !== undefined && kind === `${asString(inputs['kind']) ?? ''}Patch`;
  return {
    kind: isPatch ? kind.slice(0, -'Patch'.length) : kind,
    ...(namespace === undefined ? {} : { namespace }),
    name: asString(metadata['name']) ?? nameOf(urn),
    ...(isPatch ? { isPatch } : {}),
  };
}

/** One field that differs. `from` is absent for an added field, `to` for a removed one. */
export interface FieldChange {
  /** Such as `spec.http[0].route[1].weight`. */
  path: string;
  from?: unknown;
  to?: unknown;
}

/** A key that needs no quotes in a path. */
const plainKey = /^[^.[\]"]+$/;

/**
 * The fields in which an object differs, in the order of the object. Lists are compared entry by entry. The provider's
 * own annotations do not count, and for a Secret only the names of its keys are shown.
 */
export function fieldChanges(before: Record<string, unknown>, after: Record<string, unknown>): FieldChange[] {
  const changes = compare('', before, after);
  return after['kind'] === 'Secret' ? changes.map(concealed) : changes;
}

function compare(path: string, from: unknown, to: unknown): FieldChange[] {
  if (Object.is(from, to)) return [];
  if (isMap(from) && isMap(to)) {
    // The provider's own annotations begin like this, e.g. for the field manager and the first API version.
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter((key) => !key.startsWith('__'));
    return keys.flatMap((key) => compare(join(path, key), from[key], to[key]));
  }
  if (Array.isArray(from) && Array.isArray(to)) {
    const length = Math.max(from.length, to.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      compare(join(path, index), from[index], to[index]),
    );
  }
  if (from === undefined) return [{ path, to }];
  return to === undefined ? [{ path, from }] : [{ path, from, to }];
}

function join(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (!plainKey.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** Values that must not be read on a screen. */
function concealed(change: FieldChange): FieldChange {
  if (!/^(data|stringData)\b/.test(change.path)) return change;
  const { path, ...values } = change;
  return { path, ...Object.fromEntries(Object.keys(values).map((key) => [key, '(secret)'])) };
}
