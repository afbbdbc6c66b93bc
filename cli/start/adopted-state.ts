import type { EngineEvent } from '@pulumi/pulumi/automation';
import { movedFields, isAppliedBy, type LiveObject } from '../../cluster/api';
import { asList, asMap, asString, isMap, valueAt, without, type JsonMap } from '../../mesh/json';
import {
  fieldManagerAnnotation,
  isForProvider,
  objectTitle,
  releaseType,
  type KubernetesObject,
} from '../../mesh/manifests/kubernetes';
import { isRouteType } from '../../mesh/manifests/route-set';
import { importSteps, resourceSteps, type StepMetadata } from './engine-steps';
import { managerOf } from './adopted-changes';
import { withRecords, type EnginePlan, type ResourcePlan } from './engine-plan';
import { planOf, type StartPlan } from './plan';
import type { StateResource } from './state-holder';

/** What an adoption without a write does, and what it leaves to the next update. */
export interface Adoption {
  /** The objects that are as stated. */
  adopted: StartPlan;
  /** All that the next update does. */
  left: StartPlan;
  /**
   * The resources of a state, with those of the adopted objects in the form in which an update records them.
   * @param newId - makes the id of a provider
   */
  added: (resources: readonly StateResource[], newId: () => string) => StateResource[];
}

/** The key by which Pulumi knows a secret; an event has this instead of its value. */
const secretKey = '4dabf18193072939515e22adb298388d';
const concealed = '[secret]';
/** Resources whose secret values are compared before they are imported. */
const comparesSecrets = /^kubernetes:core\/v1:Secret$|^meshwright-routes:/;
/** What a preview has for a value that only an update knows. */
const unknownMark = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/**
 * The objects that a preview imports and that are as stated, and the patches that change nothing.
 * @param events - of the preview
 * @param plan - of the same preview
 * @param live - the objects that its patches change, by title, see {@link patchedObjects}
 */
export function adoptionOf(
  events: readonly EngineEvent[],
  { resourcePlans = {} }: EnginePlan,
  live: ReadonlyMap<string, LiveObject>,
): Adoption {
  const imported = importSteps(events);
  const eventsOf = new Map<string, EngineEvent[]>();
  for (const event of events) {
    const urn = event.resOutputsEvent?.metadata.urn;
    if (urn !== undefined) eventsOf.set(urn, [...(eventsOf.get(urn) ?? []), event]);
  }
  /** Only components may be above a recorded resource: they exist nowhere but in the state. */
  const isBelowComponents = (urn: string): boolean => {
    const { parent = '' } = resourcePlans[urn]?.goal ?? {};
    return parent === '' || (resourcePlans[parent]?.goal?.custom === false && isBelowComponents(parent));
  };
  const isTaken = (step: StepMetadata): boolean =>
    isBelowComponents(step.urn) &&
    (imported.has(step.urn)
      ? isAsStated(step, imported.get(step.urn), planOf(eventsOf.get(step.urn) ?? []))
      : isNewPatch(step) && isLabelled(inputsOf(step), live.get(objectTitle(objectOf(step)))));
  const taken = resourceSteps(events).filter(isTaken);
  const urns = new Set(taken.map(({ urn }) => urn));
  const isLeft = ({ resOutputsEvent }: EngineEvent): boolean => !urns.has(resOutputsEvent?.metadata.urn ?? '');
  const { adopted, created, ...others } = planOf(events.filter((event) => !isLeft(event)));
  const patches = created.map((object) => ({ ...object, changes: [] }));
  const found = (step: StepMetadata): Found => {
    const patched = (): JsonMap => asMap(live.get(objectTitle(objectOf(step))));
    return imported.get(step.urn)?.new ?? { id: patchId(inputsOf(step)), outputs: patched() };
  };
  return {
    adopted: { ...others, adopted: [...adopted, ...patches], created: [] },
    left: planOf(events.filter(isLeft)),
    added: (resources, newId) => {
      const records = taken.map((step): [string, JsonMap] => [
        step.urn,
        recorded(step, found(step), resourcePlans[step.urn] ?? {}),
      ]);
      return withRecords(resources, new Map(records), resourcePlans, newId);
    },
  };
}

/** Whether an import needs no update: all objects of the resource exist as stated, and no field changes its owner. */
function isAsStated(step: StepMetadata, found: StepMetadata | undefined, { adopted, created }: StartPlan): boolean {
  const isEqual = created.length === 0 && adopted.every(({ changes }) => changes.length === 0);
  const stated = JSON.stringify(inputsOf(step));
  // An import knows the values of a release, and not its chart. Of all secrets only those of a Secret were compared.
  const isUnsure = stated.includes(unknownMark) || (stated.includes(secretKey) && !comparesSecrets.test(step.type));
  if (!isEqual || step.type === releaseType || isUnsure) return false;
  if (isRouteType(step.type)) return asString(asMap(step.new?.outputs)['server']) !== undefined;
  const live = asMap(found?.new?.outputs) as unknown as LiveObject;
  const manager = managerOf(inputsOf(step));
  // If both this stack and another tool have applied it, the first change would be a conflict.
  return !isAppliedBy(live, manager) || movedFields(objectOf(step), live, manager) === undefined;
}

/** The objects that the new patches of a preview change. */
export function patchedObjects(events: readonly EngineEvent[]): KubernetesObject[] {
  return resourceSteps(events).filter(isNewPatch).map(objectOf);
}

function isNewPatch(step: StepMetadata): boolean {
  const kind = asString(inputsOf(step)['kind']);
  return step.op === 'create' && kind !== undefined && step.type.endsWith(`:${kind}Patch`);
}

function isLabelled(patch: JsonMap, live: LiveObject | undefined): boolean {
  const { labels, annotations } = asMap(patch['metadata']);
  const isThere = (wanted: unknown, is: JsonMap = {}): boolean =>
    Object.entries(asMap(wanted)).every(([key, value]) => key === fieldManagerAnnotation || is[key] === value);
  return live !== undefined && isThere(labels, live.metadata.labels) && isThere(annotations, live.metadata.annotations);
}

function inputsOf({ new: next }: StepMetadata): JsonMap {
  return asMap(next?.inputs);
}

function objectOf(step: StepMetadata): KubernetesObject {
  return inputsOf(step) as unknown as KubernetesObject;
}

/** A resource as the cluster has it. */
interface Found {
  id: string;
  outputs: JsonMap;
}

/** Id, inputs and outputs of a resource, as an update would record them. */
function recorded(step: StepMetadata, found: Found, { goal, state = {} }: ResourcePlan): JsonMap {
  const { adds, updates } = goal?.inputDiff ?? {};
  const inputs = asMap(withSecrets(inputsOf(step), { ...adds, ...updates, ...asMap(state['__inputs']) }));
  const outputs = isRouteType(step.type)
    ? withSecrets(without(asMap(step.new?.outputs), 'found'), state)
    : {
        ...annotated(asMap(withSecrets(found.outputs, state)), inputs),
        __inputs: inputs,
        __initialApiVersion: inputs['apiVersion'],
        __fieldManager: managerOf(inputs),
      };
  return { id: found.id, inputs, outputs };
}

/**
 * A live object with the stated annotations for Pulumi's provider, such as the field manager. The provider compares them
 * with those of the outputs; the cluster gets them with the first change.
 */
function annotated(live: JsonMap, inputs: JsonMap): JsonMap {
  const stated = Object.entries(asMap(valueAt(inputs, 'metadata', 'annotations')));
  const metadata = asMap(live['metadata']);
  const annotations = {
    ...asMap(metadata['annotations']),
    ...Object.fromEntries(stated.filter(([key]) => isForProvider(key))),
  };
  return { ...live, metadata: { ...metadata, annotations } };
}

/** Pulumi's provider identifies a patch by the object. */
function patchId(inputs: JsonMap): string {
  const { namespace, name } = asMap(inputs['metadata']);
  return [namespace, name].filter((part) => typeof part === 'string').join('/');
}

/**
 * A value of an event with its secrets, which the event conceals.
 * @param source - the same value, with its secrets encrypted. Secrets that it lacks are left out
 */
function withSecrets(value: unknown, source: unknown): unknown {
  if (isMap(value)) {
    if (secretKey in value && value['ciphertext'] === concealed) return source;
    const entries = Object.entries(value).map(([key, item]) => [key, withSecrets(item, asMap(source)[key])]);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  }
  if (!Array.isArray(value)) return value;
  return value.map((item, at) => withSecrets(item, asList(source)[at]));
}
