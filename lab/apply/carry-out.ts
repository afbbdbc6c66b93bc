import { objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { RefusedError } from '../errors';
import { kubectl } from '../kubectl';
import type { KubectlTarget } from '../kubectl';
import type { Log } from '../types';
import {
  PARENT_MANAGER,
  PARENT_RESOURCE,
  parentDefinition,
  parentName,
  parentObject,
  PART_OF_LABEL,
  setId,
} from './apply-set';
import type { SetContents } from './apply-set';
import { marksManager } from './existing-namespaces';
import { contentsFor, kubeList } from './live';
import { awaitGone, removeObjects } from './remove';
import { serverSideApply } from './server-side';
import { inStages, stageOf } from './stages';
import { MANAGER } from './survey';
import type { Survey, Surveyed } from './survey';
import type { ApplyOptions } from './types';
import { waitReady } from './wait';

const isDue = ({ changes }: Surveyed): boolean => changes === undefined || changes.length > 0;

/** Applies objects as one manager, or throws a RefusedError with all that the API server refused. */
async function apply(
  target: KubectlTarget,
  objects: readonly KubernetesObject[],
  manager: string,
  log: Log,
): Promise<void> {
  const { refusals, warnings } = await serverSideApply(target, objects, { manager });
  for (const warning of warnings) log(`warning: ${warning}`);
  if (refusals.length === 0) return;
  throw new RefusedError(refusals.map(({ object, message }) => ({ id: objectTitle(object), message })));
}

async function awaitDefinitions(target: KubectlTarget, objects: readonly KubernetesObject[]): Promise<void> {
  const names = objects.filter((one) => stageOf(one) === 'definitions').map(({ metadata }) => `crd/${metadata.name}`);
  if (names.length > 0) await kubectl(target, ['wait', '--for=condition=Established', '--timeout=60s', ...names]);
}

/** Whether all of `some` is written down already. */
function covers(written: SetContents, some: SetContents): boolean {
  return (
    written.groupKinds.length > 0 &&
    some.groupKinds.every((kind) => written.groupKinds.includes(kind)) &&
    some.namespaces.every((namespace) => written.namespaces.includes(namespace))
  );
}

/** Writes down where members will be before there are any, so that none is ever lost sight of, whenever we are interrupted. */
async function openBooks(target: KubectlTarget, survey: Survey, { name, log }: ApplyOptions): Promise<void> {
  if (!survey.hasParentKind) {
    await apply(target, [parentDefinition], MANAGER, log);
    await awaitDefinitions(target, [parentDefinition]);
  }
  const coming = contentsFor(survey.objects.map(({ object }) => object));
  if (covers(survey.contents, coming)) return;
  const parent = parentObject(name, {
    groupKinds: [...survey.contents.groupKinds, ...coming.groupKinds],
    namespaces: [...survey.contents.namespaces, ...coming.namespaces],
  });
  await apply(target, [parent], PARENT_MANAGER, log);
}

function asMember(object: KubernetesObject, set: string): KubernetesObject {
  const labels = { ...object.metadata.labels, [PART_OF_LABEL]: setId(set) };
  return { ...object, metadata: { ...object.metadata, labels } };
}

/** Marks the namespaces of others, and lets go of those that were ours: in this order, so that no label is missing in between. */
async function markNamespaces(target: KubectlTarget, survey: Survey, { name, log }: ApplyOptions): Promise<void> {
  await apply(
    target,
    survey.marks.filter(isDue).map(({ object }) => object),
    marksManager(name),
    log,
  );
  const bare = survey.released.map((namespace) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  }));
  await apply(target, bare, MANAGER, log);
}

/**
 * Removes what left the set. kubectl's prune knows no order and stumbles over what a namespace took with it; so what is in
 * namespaces goes first, in our order, and kubectl prunes the rest and closes the books.
 */
async function prune(target: KubectlTarget, survey: Survey, { name, log }: ApplyOptions): Promise<void> {
  const isLast = (object: KubernetesObject): boolean => ['definitions', 'namespaces'].includes(stageOf(object));
  await removeObjects(
    target,
    survey.removed.filter((object) => !isLast(object)),
    log,
  );
  const last = survey.removed.filter(isLast);
  const objects = inStages(survey.objects.map(({ object }) => object)).flatMap((batch) => batch.objects);
  if (objects.length === 0) return removeObjects(target, last, log); // kubectl applies no empty set.
  if (last.length > 0) log(`removing ${last.map(objectTitle).join(', ')}`);
  const set = ['--prune', `--applyset=${PARENT_RESOURCE}/${parentName(name)}`];
  const how = ['--server-side', '--force-conflicts', '--validate=ignore', `--field-manager=${MANAGER}`];
  const args = ['apply', ...how, ...set, '-f', '-'];
  const env = { ...target.env, KUBECTL_APPLYSET: 'true' };
  await kubectl({ ...target, env }, args, kubeList(objects));
  const namespaces = last.filter((object) => stageOf(object) === 'namespaces').map(({ metadata }) => metadata.name);
  await awaitGone(target, namespaces, log);
}

/** Makes the API server's objects those of the survey, stage by stage; goes on where an interrupted run stopped. */
export async function carryOut(target: KubectlTarget, survey: Survey, options: ApplyOptions): Promise<void> {
  const { log, name } = options;
  const due = survey.objects.filter(isDue).map(({ object }) => asMember(object, name));
  if (due.length > 0 || survey.removed.length > 0) await openBooks(target, survey, options);
  await awaitGone(target, survey.ending, log);
  await markNamespaces(target, survey, options);
  for (const { stage, objects } of inStages(due)) {
    log(`applying ${stage}: ${objects.length} object${objects.length === 1 ? '' : 's'}`);
    await apply(target, objects, MANAGER, log);
    if (stage === 'definitions') await awaitDefinitions(target, objects);
    if (stage === 'workloads') await waitReady(target, objects, options);
  }
  if (survey.removed.length > 0) await prune(target, survey, options);
}
