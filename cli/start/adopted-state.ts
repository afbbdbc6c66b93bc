import type { EngineEvent } from '@pulumi/pulumi/automation';
import { movedFields, isAppliedBy, type LiveObject } from '../../cluster/api';
import { asList, asMap, asString, isMap, valueAt, without, type JsonMap } from '../../mesh/json';
import {
  fieldManagerAnnotation,
  fieldManagerOf,
  isForProvider,
  isPatchOf,
  objectTitle,
  releaseType,
  type KubernetesObject,
} from '../../mesh/manifests/kubernetes';
import { isRouteType } from '../../mesh/manifests/route-set';
import { specialKey, unknownString } from '../../runtime/engine-values';
import { importSteps, resourceSteps, type StepMetadata } from './engine-steps';
import { withRecords, type EnginePlan, type ResourcePlan } from './engine-plan';
import { planOf, type StartPlan } from './plan';
import type { StateResource } from './state-holder';

/** Which objects an adoption records in the state, and what it leaves to the next update. */
export interface Adoption {
  /** The objects that are as stated. */
  adopted: StartPlan;
  /** All that the next update does. */
  left: StartPlan;
  /**
   * Adds the adopted objects to the resources of a state, as an update would record them.
   * @param newId - makes the id of a provider
   */
  added: (resources: readonly StateResource[], newId: () => string) => StateResource[];
}

/** What an event has in place of the value of a secret. */
const concealed = '[secret]';
/** Resources whose secret values are compared before they are imported. */
const comparesSecrets = /^kubernetes:core\/v1:Secret$|^meshwright-routes:/;

/**
 * Finds the imported objects of a preview that already match the stack file, and the patches that change nothing.
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
  const isUnsure = stated.includes(unknownString) || (stated.includes(specialKey) && !comparesSecrets.test(step.type));
  if (!isEqual || step.type === releaseType || isUnsure) return false;
  if (isRouteType(step.type)) return asString(asMap(step.new?.outputs)['server']) !== undefined;
  const live = asMap(found?.new?.outputs) as unknown as LiveObject;
  const manager = fieldManagerOf(objectOf(step)) ?? '';
  // If both this stack and another tool have applied it, the first change would be a conflict.
  return !isAppliedBy(live, manager) || movedFields(objectOf(step), live, manager) === undefined;
}

/** The objects that the new patches of a preview change. */
export function patchedObjects(events: readonly EngineEvent[]): KubernetesObject[] {
  return resourceSteps(events).filter(isNewPatch).map(objectOf);
}

function isNewPatch(step: StepMetadata): boolean {
  const kind = asString(inputsOf(step)['kind']);
  return step.op === 'create' && kind !== undefined && isPatchOf(kind, step.type);
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
        __fieldManager: fieldManagerOf(inputs) ?? '',
      };
  return { id: found.id, inputs, outputs };
}

/**
 * Adds the annotations that only Pulumi's provider reads, such as the field manager, to a live object. The provider expects
 * them in the state; the cluster gets them with the first change.
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
 * Puts encrypted secrets into a value of an event, which shows "[secret]" in their place.
 * @param source - the same value with encrypted secrets; a secret that is missing here is left out
 */
function withSecrets(value: unknown, source: unknown): unknown {
  if (isMap(value)) {
    if (specialKey in value && value['ciphertext'] === concealed) return source;
    const entries = Object.entries(value).map(([key, item]) => [key, withSecrets(item, asMap(source)[key])]);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  }
  if (!Array.isArray(value)) return value;
  return value.map((item, at) => withSecrets(item, asList(source)[at]));
}
