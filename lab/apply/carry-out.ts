import type { KubernetesObject } from '../../components/manifests/kubernetes';
import type { ApiServer } from '../api';
import { PARENT_MANAGER, parentDefinition, parentObject, PART_OF_LABEL, setId } from './apply-set';
import type { SetContents } from './apply-set';
import { awaitKinds } from './await-kinds';
import { marksManager } from './existing-namespaces';
import { contentsFor } from './live';
import { awaitNamespacesGone, removeObjects } from './remove';
import { serverSideApply } from './server-side';
import { inStages } from './stages';
import { MANAGER } from './survey';
import type { Survey, Surveyed } from './survey';
import type { ApplyOptions } from './types';
import { awaitReady } from './wait';

const isDue = ({ changes }: Surveyed): boolean => changes === undefined || changes.length > 0;

/** Whether all of `some` is written down already. */
function covers(written: SetContents, some: SetContents): boolean {
  return (
    written.groupKinds.length > 0 &&
    some.groupKinds.every((kind) => written.groupKinds.includes(kind)) &&
    some.namespaces.every((namespace) => written.namespaces.includes(namespace))
  );
}

function writeBooks(api: ApiServer, contents: SetContents, { name, log }: ApplyOptions): Promise<void> {
  return serverSideApply(api, [parentObject(name, contents)], PARENT_MANAGER, log);
}

/** Writes down where members will be before there are any, so that none is ever lost sight of, whenever we are interrupted. */
async function openBooks(api: ApiServer, survey: Survey, coming: SetContents, options: ApplyOptions): Promise<void> {
  if (!survey.hasParentKind) {
    await serverSideApply(api, [parentDefinition], MANAGER, options.log);
    await awaitKinds(api, [parentDefinition], options.log);
  }
  if (covers(survey.contents, coming)) return;
  const groupKinds = [...survey.contents.groupKinds, ...coming.groupKinds];
  const namespaces = [...survey.contents.namespaces, ...coming.namespaces];
  await writeBooks(api, { groupKinds, namespaces }, options);
}

function asMember(object: KubernetesObject, set: string): KubernetesObject {
  const labels = { ...object.metadata.labels, [PART_OF_LABEL]: setId(set) };
  return { ...object, metadata: { ...object.metadata, labels } };
}

/** Marks the namespaces of others, and lets go of those that were ours: in this order, so that no label is missing in between. */
async function markNamespaces(api: ApiServer, survey: Survey, { name, log }: ApplyOptions): Promise<void> {
  const due = survey.marks.filter(isDue).map(({ object }) => object);
  await serverSideApply(api, due, marksManager(name), log);
  const bare = survey.released.map((namespace) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  }));
  await serverSideApply(api, bare, MANAGER, log);
}

/** Makes the API server's objects those of the survey, stage by stage; goes on where an interrupted run stopped. */
export async function carryOut(api: ApiServer, survey: Survey, options: ApplyOptions): Promise<void> {
  const { log, name } = options;
  const due = survey.objects.filter(isDue).map(({ object }) => asMember(object, name));
  const coming = contentsFor(survey.objects.map(({ object }) => object));
  if (due.length > 0 || survey.removed.length > 0) await openBooks(api, survey, coming, options);
  await awaitNamespacesGone(api, survey.ending, log);
  await markNamespaces(api, survey, options);
  for (const { stage, objects } of inStages(due)) {
    log(`applying ${stage}: ${objects.length} object${objects.length === 1 ? '' : 's'}`);
    await serverSideApply(api, objects, MANAGER, log);
    if (stage === 'definitions') await awaitKinds(api, objects, log);
    if (stage === 'workloads') await awaitReady(api, objects, options);
  }
  if (survey.removed.length === 0) return;
  await removeObjects(api, survey.removed, log);
  await writeBooks(api, coming, options);
}
