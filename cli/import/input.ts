import { sep } from 'node:path';
import { objectTitle } from '../../mesh/manifests/kubernetes';
import { KubernetesApi, type LiveObject } from '../../cluster/api';
import { asUserError, RefusedError, UserError } from '../errors';
import { identity, readInput } from '../objects';
import type { ClusterChoice } from '../cluster';
import { comparable } from './comparable';
import type { Given, Intake } from './intake';

/**
 * The objects of files and folders, with file and line.
 * @throws UserError naming every file that cannot be read, and every broken object
 */
export function givenByFiles(paths: readonly string[], strict: boolean): Given[] {
  const { all, stackFiles } = readInput(paths, { strict });
  const [stackFile] = stackFiles;
  if (stackFile !== undefined)
    throw new UserError(`${stackFile} is a stack file already; import takes Kubernetes objects.`);
  return all.map(({ object, file, line }) => ({ object, place: `${file}:${line('')}` }));
}

/** API groups of mesh configuration besides Istio's own: routes of the Gateway API. */
const groups = ['gateway.networking.k8s.io'];

/**
 * The mesh's configuration in a cluster: Istio's objects, routes of the Gateway API, and the namespaces that hold them. Changes nothing.
 * @param progress - called with the number of kinds that have been read
 * @throws UserError when the cluster does not answer, or refuses to list them
 */
export async function givenByCluster(
  choice: ClusterChoice,
  namespace: string | undefined,
  progress: (done: number, all: number) => void,
): Promise<Given[]> {
  return asUserError(readCluster(KubernetesApi.open(choice), choice.context ?? 'cluster', namespace, progress));
}

async function readCluster(
  api: KubernetesApi,
  place: string,
  namespace: string | undefined,
  progress: (done: number, all: number) => void,
): Promise<Given[]> {
  const kinds = [...(await api.freshKinds()).keys()].filter(isMeshKind).sort();
  let done = 0;
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const list = await api.list(kind, namespace === undefined ? {} : { namespace });
      progress(++done, kinds.length);
      return list;
    }),
  );
  const objects = lists.flat();
  const used = new Set(objects.map(({ metadata }) => metadata.namespace));
  const namespaces = (await api.list('Namespace')).filter(
    (one) =>
      used.has(one.metadata.name) || (namespace === undefined && isInMesh(one)) || one.metadata.name === namespace,
  );
  return [...namespaces, ...objects].map((object) => ({ object, place }));
}

function isMeshKind(key: string): boolean {
  const group = key.slice(key.indexOf('.') + 1);
  return key.includes('.') && (group.endsWith('.istio.io') || groups.includes(group));
}

function isInMesh({ metadata: { labels = {} } }: LiveObject): boolean {
  return ['istio-injection', 'istio.io/rev', 'istio.io/dataplane-mode'].some((label) => label in labels);
}

/**
 * One object of each name.
 * @param prefer - which of different copies to use: `first`, `last`, or a file or folder; the first preference that selects one copy wins
 * @throws RefusedError naming the copies that differ, when nothing decides between them
 */
export function withoutCopies(intake: Intake, prefer: readonly string[]): Intake {
  const byName = new Map<string, Given[]>();
  for (const one of intake.objects) {
    const key = identity(one.object);
    const known = byName.get(key) ?? [];
    if (!known.some(({ object }) => comparable(object) === comparable(one.object))) byName.set(key, [...known, one]);
  }
  const undecided: Given[][] = [];
  const objects = [...byName.values()].flatMap((copies): Given[] => {
    const [first] = copies;
    if (copies.length === 1 || first === undefined) return copies;
    const chosen = prefer.map((wish) => chosenBy(wish, copies)).find((one) => one !== undefined);
    if (chosen === undefined) undecided.push(copies);
    return [chosen ?? first];
  });
  if (undecided.length === 0) return { ...intake, objects };
  const lines = undecided.map((copies) => {
    const title = copies.slice(0, 1).map(({ object }) => objectTitle(object));
    return `  ${title.join('')}: ${copies.map(({ place }) => place).join(', ')}`;
  });
  throw new RefusedError(
    [
      `${undecided.length === 1 ? 'One object has' : `${undecided.length} objects have`} several different copies; nothing was written:`,
      ...lines,
      'Choose with --prefer first, --prefer last, or --prefer FILE or FOLDER; or name fewer files.',
    ].join('\n'),
  );
}

function chosenBy(wish: string, copies: readonly Given[]): Given | undefined {
  if (wish === 'first') return copies[0];
  if (wish === 'last') return copies.at(-1);
  const below = wish.endsWith(sep) ? wish : `${wish}${sep}`;
  const matching = copies.filter(({ place }) => place.startsWith(below) || place.startsWith(`${wish}:`));
  return matching.length === 1 ? matching[0] : undefined;
}
