import { objectKey, objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { definedKinds, groupKind, isEnding } from '../api';
import type { ApiServer, LiveObject } from '../api';
import { RefusedError } from '../errors';
import type { ObjectProblem } from '../errors';
import { ID_LABEL, PARENT_GROUP_KIND, PART_OF_LABEL, setId } from './apply-set';
import type { SetContents } from './apply-set';
import { fieldChanges } from './diff';
import { markedNamespaces, marksManager } from './existing-namespaces';
import { namespacesOf, sortOut, withNamespaces } from './input';
import { byKey, liveAmong, liveSurroundings, members, setContents } from './live';
import { tryOut } from './trial';
import type { FieldChange, SetOptions } from './types';

/** Field manager of everything a set consists of. */
export const MANAGER = 'meshwright';

/** An object of the configuration, and in what it will differ from what there is. */
export interface Surveyed {
  readonly object: KubernetesObject;
  /** Undefined when the object is to be created. */
  readonly changes: readonly FieldChange[] | undefined;
}

/** A set as configured, compared with what the API server has of it. */
export interface Survey {
  readonly objects: readonly Surveyed[];
  /** Namespaces of others, with the marks that they are to have. */
  readonly marks: readonly Surveyed[];
  /** Namespaces that were members and now belong to others. */
  readonly released: readonly string[];
  readonly removed: readonly LiveObject[];
  /** Namespaces that are needed and still being deleted. */
  readonly ending: readonly string[];
  /** Where members were known to be so far. */
  readonly contents: SetContents;
  /** Whether the API server knows the kind of the sets' parents. */
  readonly hasParentKind: boolean;
}

/** A new Pod cannot be tried: admission wants its ServiceAccount, which may be among what is to be created. */
const isTriable = (object: KubernetesObject, live: ReadonlyMap<string, LiveObject>): boolean =>
  object.kind !== 'Pod' || live.has(objectKey(object));

function compare(
  objects: readonly KubernetesObject[],
  live: ReadonlyMap<string, LiveObject>,
  outcome: ReadonlyMap<string, LiveObject>,
): Surveyed[] {
  return objects.map((object) => {
    const [from, to] = [live.get(objectKey(object)), outcome.get(objectKey(object))];
    return { object, changes: from === undefined || to === undefined ? undefined : fieldChanges(from, to) };
  });
}

/** Objects that another set has: taking them over would make the two undo each other. */
function foreignMembers(live: readonly LiveObject[], set: string, parents: readonly LiveObject[]): ObjectProblem[] {
  return live.flatMap((object) => {
    const owner = object.metadata.labels?.[PART_OF_LABEL];
    if (owner === undefined || owner === setId(set)) return [];
    const name = parents.find(({ metadata }) => metadata.labels?.[ID_LABEL] === owner)?.metadata.name ?? owner;
    return [{ id: objectTitle(object), message: `belongs to ${name}; remove it there first` }];
  });
}

/** Compares a set with what the API server has, changing nothing. Throws a RefusedError with everything that it would refuse. */
export async function survey(
  api: ApiServer,
  configured: readonly KubernetesObject[],
  options: SetOptions,
): Promise<Survey> {
  const served = await api.freshKinds();
  const kinds = new Map([...definedKinds(configured), ...served]);
  const objects = withNamespaces(configured, kinds);
  const { namespaces, parents } = await liveSurroundings(api);
  const contents = setContents(options.name, parents);
  const present = namespaces.filter((namespace) => !isEnding(namespace));
  const active = new Set(present.map(({ metadata }) => metadata.name));
  const { fine, problems } = sortOut(objects, options, { kinds, namespaces: [...active] });

  const known = fine.filter((object) => served.has(groupKind(object)));
  const current = await members(api, options.name, contents);
  const found = await liveAmong(api, known, current);
  const live = byKey(found.filter((object) => !isEnding(object)));
  const foreign = options.existingNamespaces ?? {};
  const isForeign = ({ kind, metadata }: LiveObject): boolean =>
    kind === 'Namespace' && Object.hasOwn(foreign, metadata.name);
  const released = current.filter(isForeign).map(({ metadata }) => metadata.name);

  const marks = markedNamespaces(options, present);
  const hasNamespace = (name: string): boolean => active.has(name);
  const isReleased = ({ metadata }: KubernetesObject): boolean => released.includes(metadata.name);
  const trials = await Promise.all([
    tryOut(
      api,
      known.filter((object) => isTriable(object, live)),
      { manager: MANAGER, hasNamespace },
    ),
    tryOut(
      api,
      marks.filter((mark) => active.has(mark.metadata.name) && !isReleased(mark)),
      { manager: marksManager(options.name), hasNamespace },
    ),
    // What a released namespace ends up with is as if its owner so far had set no more than the marks.
    tryOut(api, marks.filter(isReleased), { manager: MANAGER, hasNamespace }),
  ]);
  const refused = [
    ...problems,
    ...foreignMembers([...live.values()], options.name, parents),
    ...trials.flatMap((trial) => trial.problems),
  ];
  if (refused.length > 0) throw new RefusedError(refused);

  const outcome = byKey(trials.flatMap((trial) => trial.outcome));
  const configuredKeys = new Set(objects.map(objectKey));
  const needed = new Set([...namespacesOf(objects), ...objects.flatMap(({ metadata }) => metadata.namespace ?? [])]);
  return {
    objects: compare(objects, live, outcome),
    marks: compare(marks, byKey(present), outcome),
    released,
    removed: current.filter((one) => !configuredKeys.has(objectKey(one)) && !isForeign(one) && !isEnding(one)),
    ending: namespaces
      .filter((one) => isEnding(one) && needed.has(one.metadata.name))
      .map(({ metadata }) => metadata.name),
    contents,
    hasParentKind: served.has(PARENT_GROUP_KIND),
  };
}
