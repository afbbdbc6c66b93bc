import { compareStrings } from '../../mesh/collections';
import { same } from '../../mesh/json';
import { objectTitle, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { renderMesh } from '../../mesh/manifests/mesh';
import { diffStatus, mergedOptions, stackTraffic, trafficDiffText, type TrafficInput } from '../../mesh/traffic';
import { countClasses } from '../../mesh/traffic/classes/classes';
import { modelDiff } from '../../mesh/traffic/diff/traffic-diff';
import { trafficModel, trafficModels } from '../../mesh/traffic/traffic-model';
import { identity } from '../objects';
import type { Settings } from '../../config/parse';
import { comparableInAnyVersion } from './comparable';

/** What an import changes; a correct import changes nothing. */
export interface Proof {
  /** Objects that were compared. */
  objects: number;
  /** Titles of objects that the stack file makes differently; {@link missing} has those that it does not make. */
  differing: string[];
  missing: string[];
  /** Number of classes of requests. */
  classes: number;
  /** Number of classes with other destinations or other treatment. */
  moved: number;
  /** The moves in words; '' for none. */
  moves: string;
  /** `unknown`: the routing model cannot tell. */
  traffic: 'same' | 'changed' | 'unknown';
}

/** Compares the objects that stack files make with the imported ones: one by one, and by the routing model. Pure. */
export function proof(objects: readonly KubernetesObject[], stacks: readonly Settings[]): Proof {
  const rendered = stacks.map(({ settings }) => renderMesh(settings));
  const made = new Map<string, KubernetesObject>();
  // One stack may state a namespace only by its name, and another one its labels.
  for (const { object } of rendered.flatMap((mesh) => [...mesh.existingNamespaces, ...mesh.objects]))
    if (!made.has(identity(object)) || !isBareNamespace(object)) made.set(identity(object), object);
  const missing = objects.filter((object) => !made.has(identity(object)));
  const differing = objects.filter((object) => {
    const own = made.get(identity(object));
    return own !== undefined && comparableInAnyVersion(own) !== comparableInAnyVersion(object);
  });
  return {
    objects: objects.length,
    differing: differing.map(objectTitle),
    missing: missing.map(objectTitle),
    ...trafficProof(sides(objects, stacks)),
  };
}

function isBareNamespace({ kind, apiVersion, metadata }: KubernetesObject): boolean {
  return kind === 'Namespace' && apiVersion === 'v1' && metadata.labels === undefined;
}

function trafficProof({ before, after }: Sides): Pick<Proof, 'classes' | 'moved' | 'moves' | 'traffic'> {
  // Equal objects have the same model.
  if (same(sortedByName(before.objects), sortedByName(after.objects)))
    return {
      classes: countClasses(trafficModel(before.objects, before.options)),
      moved: 0,
      moves: '',
      traffic: 'same',
    };
  const models = trafficModels(before.objects, after.objects, { before: before.options, after: after.options });
  const diff = { ...modelDiff(models.before, models.after), ownedWeights: [] };
  const traffic = diffStatus(diff);
  return {
    classes: countClasses(models.before),
    moved: diff.moves.length,
    moves: traffic === 'same' ? '' : trafficDiffText(diff),
    traffic,
  };
}

function sortedByName(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return objects
    .map((object) => ({ object, name: identity(object) }))
    .sort((a, b) => compareStrings(a.name, b.name))
    .map(({ object }) => object);
}

interface Sides {
  before: TrafficInput;
  after: TrafficInput;
}

/** The mesh of the stacks, and the same mesh with the original objects. */
function sides(objects: readonly KubernetesObject[], stacks: readonly Settings[]): Sides {
  const all = stacks.map(({ settings, policy }) => stackTraffic(settings, policy));
  const imported = new Set(objects.map(identity));
  const made = new Map<string, KubernetesObject>();
  for (const object of all.flatMap((one) => one.objects)) {
    const key = identity(object);
    if (isBareNamespace(object) && (made.has(key) || !imported.has(key))) continue;
    made.set(key, object);
  }
  const others = [...made].filter(([key]) => !imported.has(key)).map(([, object]) => object);
  // Weights that a controller owns are compared too.
  const options = mergedOptions(all);
  delete options.weightOwners;
  return { before: { options, objects: [...others, ...objects] }, after: { options, objects: [...made.values()] } };
}
