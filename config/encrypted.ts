import { type KubernetesObject, objectTitle, originOf, type Rendered } from '../mesh/manifests/kubernetes';
import type { Mesh } from '../mesh/manifests/mesh';
import type { StackSettings } from '../mesh/manifests/settings';
import type { Unknowns } from '../policy/engine-findings';
import { type Key, keyPath } from './key-path';
import { encryptedValue } from './problem';
import { encryptedKeys } from './pulumi-config-values';
import { removeValue, shapeOf } from './parse';

/** An object or release that needs an encrypted value. */
export interface LeftOut {
  /** `Secret shop/db`, or `Helm release monitoring/grafana`. */
  title: string;
  /** Keys in the stack file. */
  keys: string[];
}

/** A mesh without what needs an encrypted value. */
export function withoutEncryptedObjects(mesh: Mesh): { mesh: Mesh; leftOut: LeftOut[] } {
  const leftOut: LeftOut[] = [];
  const isReadable = (rendered: Rendered): boolean => {
    const paths = encryptedPaths(rendered.object);
    if (paths.length === 0) return true;
    const keys = [...new Set(paths.map((path) => originOf(rendered, path)))];
    leftOut.push({ title: objectTitle(rendered.object), keys });
    return false;
  };
  const releases = mesh.releases.filter((release) => {
    const isSound = !holdsEncrypted(release);
    if (!isSound) leftOut.push({ title: `Helm release ${release.namespace}/${release.name}`, keys: [release.origin] });
    return isSound;
  });
  const objects = mesh.objects.filter(isReadable);
  return { mesh: { ...mesh, releases, objects }, leftOut };
}

/** Settings without their encrypted values, and without what requires these. Keys are those of the values. */
export function withoutEncryptedSettings(settings: StackSettings): { settings: StackSettings; keys: string[] } {
  const found = encryptedKeys(settings);
  if (found.length === 0) return { settings, keys: [] };
  const rest: unknown = structuredClone(settings);
  for (const keys of found) removeValue(rest, keys);
  return { settings: shapeOf(rest).sound, keys: found.map(keyPath) };
}

/** The paths of encrypted values in objects, about which rules know nothing. */
export function encryptedUnknowns(objects: readonly KubernetesObject[]): Unknowns {
  const places = objects.map((object): [KubernetesObject, string[]] => [object, encryptedPaths(object)]);
  return new Map(places.filter(([, paths]) => paths.length > 0));
}

/** Paths in an object, such as `stringData.password`. */
function encryptedPaths(object: KubernetesObject): string[] {
  return holdsEncrypted(object) ? placesOf(object).map(objectPath) : [];
}

/** Keys down to every placeholder, alone or within a longer string. */
function placesOf(value: unknown, keys: Key[] = []): Key[][] {
  if (typeof value === 'string') return value.includes(encryptedValue) ? [keys] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    placesOf(item, [...keys, Array.isArray(value) ? Number(key) : key]),
  );
}

function holdsEncrypted(value: object): boolean {
  return JSON.stringify(value).includes(encryptedValue);
}

function objectPath(keys: readonly Key[]): string {
  return keyPath(['object', ...keys]).replace(/^.*?:object\.?/, '');
}
