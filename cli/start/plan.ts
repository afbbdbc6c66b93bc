import { counted } from '../../mesh/strings';
import type { EngineEvent } from '@pulumi/pulumi/automation';
import { type KubernetesObject, objectTitle } from '../../mesh/manifests/kubernetes';
import { isRouteType } from '../../mesh/manifests/route-set';
import { withWeightsOf } from '../../mesh/manifests/route-weights';
import { asList, asMap, isMap } from '../../mesh/json';
import { adoptedChanges, withoutForce } from './adopted-changes';
import {
  type FieldChange,
  fieldChanges,
  importSteps,
  nameOf,
  parsed,
  type PlannedObject,
  resourceObject,
  resourceSteps,
  routesOf,
  settingsOf,
  type State,
  type StepMetadata,
  titledObject,
  weightOwners,
} from './engine-steps';

export interface ObjectChange extends PlannedObject {
  changes: FieldChange[];
  /** The object is deleted and created again. */
  replaced?: boolean;
  /** The controller to which its weights belong; they stay. */
  weightsOwnedBy?: string;
}

/** The changes of a run of the engine, by object. A set of routes counts as its objects. */
export interface StartPlan {
  /** Objects that others deployed and that become the stack's, with what changes in them. */
  adopted: ObjectChange[];
  created: PlannedObject[];
  changed: ObjectChange[];
  removed: PlannedObject[];
  unchanged: number;
}

/**
 * What the engine will do, from the events of a preview, or has done, from those of an update. Failed steps are left
 * out.
 */
export function planOf(events: readonly EngineEvent[]): StartPlan {
  const plan: StartPlan = { adopted: [], created: [], changed: [], removed: [], unchanged: 0 };
  const imported = importSteps(events);
  for (const step of resourceSteps(events).filter(({ type }) => !isRouteType(type))) {
    const found = imported.get(step.urn);
    if (found === undefined) addResource(step, plan);
    else plan.adopted.push({ ...resourceObject(step), changes: adoptedChanges(found, step) });
  }
  const routes = resourceSteps(events).filter(({ type }) => isRouteType(type));
  for (const step of routes.filter(({ urn }) => imported.has(urn))) addImportedRoute(step, plan);
  addRoutes(
    routes.filter(({ urn }) => !imported.has(urn)),
    plan,
  );
  return plan;
}

/** An imported Route: a preview says in `found` which of its objects exist, with the fields that are stated. */
function addImportedRoute(step: StepMetadata, plan: StartPlan): void {
  const found = asMap(asMap(step.new?.outputs)['found'] ?? asMap(step.new?.inputs)['objects']);
  for (const [title, is] of routesOf(step.new)) {
    const live = found[title];
    if (live === undefined) plan.created.push(titledObject(title));
    else plan.adopted.push({ ...titledObject(title), changes: fieldChanges(asMap(parsed(live)), asMap(is)) });
  }
}

function addResource(step: StepMetadata, plan: StartPlan): void {
  const { op, old, new: next } = step;
  const object = resourceObject(step);
  const changes = fieldChanges(asMap(old?.inputs), withoutForce(asMap(next?.inputs)));
  if (op === 'same') plan.unchanged += 1;
  else if (op === 'create') plan.created.push(object);
  else if (op === 'delete') plan.removed.push(...(old?.retainOnDelete === true ? [] : [object]));
  else if (op === 'update') plan.changed.push({ ...object, changes });
  else plan.changed.push({ ...object, changes, replaced: true });
}

/** All steps together, because an object may move from one resource to another. */
function addRoutes(steps: readonly StepMetadata[], plan: StartPlan): void {
  const objects = (states: readonly State[]): Map<string, unknown> =>
    new Map(states.flatMap((state) => routesOf(state)));
  const before = objects(steps.map(({ old }) => old));
  const after = objects(steps.map(({ op, new: next }) => (op === 'delete' ? undefined : next)));
  const owners = new Map(steps.flatMap(weightOwners));
  const touched = new Set<string>();
  for (const title of new Set([...before.keys(), ...after.keys()])) {
    const [was, wanted] = [before.get(title), after.get(title)];
    const weightsOwnedBy = owners.get(title);
    const is = weightsOwnedBy === undefined || was === undefined ? wanted : keptWeights(wanted, was);
    const object = titledObject(title);
    const changes = was === undefined || is === undefined ? [] : fieldChanges(asMap(was), asMap(is));
    if (was === undefined) plan.created.push(object);
    else if (is === undefined) plan.removed.push(object);
    else if (changes.length > 0) plan.changed.push({ ...object, changes, ...(weightsOwnedBy && { weightsOwnedBy }) });
    else plan.unchanged += 1;
    if (was === undefined || is === undefined || changes.length > 0) touched.add(title);
  }
  for (const { op, old, new: next, urn } of steps) {
    if (op !== 'update' || [...routesOf(old), ...routesOf(next)].some(([title]) => touched.has(title))) continue;
    // Settings of the proof and limits change no object, nor does a proof that is still missing.
    const changes = fieldChanges(settingsOf(old?.inputs), settingsOf(next?.inputs));
    const unproven = asList(asMap(old?.outputs)['unproven']);
    const proof = unproven.length > 0 ? [{ path: 'proof', to: `of ${unproven.join(', ')}` }] : [];
    plan.changed.push({ kind: 'Route', name: nameOf(urn), changes: [...changes, ...proof] });
  }
}

/** A VirtualService as an update writes it: with its current weights. */
function keptWeights(wanted: unknown, was: unknown): unknown {
  return isMap(asMap(wanted)['spec']) && isMap(asMap(was)['spec'])
    ? withWeightsOf(wanted as KubernetesObject, was as KubernetesObject)
    : wanted;
}

/** The object or resource of a step, for progress messages. */
export function stepTitle(metadata: StepMetadata): string {
  return isRouteType(metadata.type) ? `route ${nameOf(metadata.urn)}` : plannedTitle(resourceObject(metadata));
}

/** `VirtualService bookinfo/reviews`. */
export function plannedTitle({ kind, namespace, name, isPatch = false }: PlannedObject): string {
  const metadata = namespace === undefined ? { name } : { name, namespace };
  return `${objectTitle({ kind, metadata })}${isPatch ? ' (labels and annotations)' : ''}`;
}

/** Up to this many creations or removals are listed; more are counted by namespace and kind. */
const listed = 12;
/** Number of changed fields to show for an object. */
const shownFields = 8;
const longestValue = 60;

/** The plan for people, printed before any change. */
export function planText(plan: StartPlan): string {
  const { adopted, created, changed, removed, unchanged } = plan;
  if (adopted.length + created.length + changed.length + removed.length === 0)
    return `no changes (${counted(unchanged, 'object')})\n`;
  const taken = adopted.length === 0 ? '' : `${adopted.length} to adopt, `;
  const counts = `${taken}${created.length} to create, ${changed.length} to change, ${removed.length} to remove, ${unchanged} unchanged`;
  return `${[...planLines(plan), counts].join('\n')}\n`;
}

/** The objects of a plan with what changes in them. */
export function planLines({ adopted, created, changed, removed }: Omit<StartPlan, 'unchanged'>): string[] {
  const same = adopted.filter(({ changes }) => changes.length === 0);
  return [
    ...objectLines('=', same),
    ...adopted.filter((object) => !same.includes(object)).flatMap((object) => changeLines(object, '=')),
    ...objectLines('+', created),
    ...changed.flatMap((object) => changeLines(object)),
    ...objectLines('-', removed),
  ];
}

export function objectLines(sign: string, objects: readonly PlannedObject[]): string[] {
  if (objects.length <= listed) return objects.map((object) => `${sign} ${plannedTitle(object)}`);
  const isNamed = ({ kind, namespace }: PlannedObject): boolean => namespace === undefined || kind === 'Release';
  const named = grouped(objects.filter(isNamed), ({ kind }) => kind).map(([kind, list]) => {
    const names = list.map((object) => plannedTitle(object).slice(kind.length + 1));
    const shown = names.slice(0, listed).join(', ');
    return `${kind} ${shown}${names.length > listed ? ` and ${names.length - listed} more` : ''}`;
  });
  const inside = objects.filter((object) => !isNamed(object));
  const counted = grouped(inside, ({ namespace = '' }) => namespace).map(([namespace, list]) => {
    const kinds = grouped(list, ({ kind }) => kind).map(([kind, same]) => `${same.length} ${kind}`);
    return `${namespace}: ${kinds.join(', ')}`;
  });
  return [...named, ...counted].map((line) => `${sign} ${line}`);
}

function grouped<T>(objects: readonly T[], keyOf: (object: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const object of objects) groups.set(keyOf(object), [...(groups.get(keyOf(object)) ?? []), object]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

function changeLines({ changes, replaced = false, weightsOwnedBy, ...object }: ObjectChange, sign = '~'): string[] {
  const kept = weightsOwnedBy === undefined ? '' : ` (its weights belong to ${weightsOwnedBy} and stay)`;
  const title = plannedTitle(object);
  const head = replaced ? `+- ${title} (deleted and created again)` : `${sign} ${title}${kept}`;
  const more = changes.length - shownFields;
  return [
    head,
    ...changes.slice(0, shownFields).map((change) => `    ${changeText(change)}`),
    ...(more > 0 ? [`    and ${counted(more, 'more field')}`] : []),
  ];
}

function changeText({ path, from, to }: FieldChange): string {
  if (from === undefined) return `${path}: ${short(to)} (new)`;
  if (to === undefined) return `${path}: was ${short(from)} (gone)`;
  return `${path}: ${short(from)} -> ${short(to)}`;
}

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= longestValue ? text : `${text.slice(0, longestValue - 1)}…`;
}
