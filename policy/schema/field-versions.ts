import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import table from './field-versions.generated.json';
import { Place } from './place';

/** Something in an object that came with a later release of Istio than the oldest one that is known. */
export interface Feature {
  place: Place;
  /** Minor release that brought it, e.g. `1.26`. */
  since: string;
}

/** The newest minor release whose fields are known. */
export const newestMinor: string = table.newest;

const since: Record<string, Record<string, string>> = table.since;

/** What an object uses that not every release of Istio knows. */
export function featuresOf(object: KubernetesObject): Feature[] {
  const root = new Place(object);
  const known = since[`${apiGroup(object.apiVersion)}/${object.kind}`] ?? {};
  return Object.entries(known).flatMap(([feature, minor]) => {
    const [path = '', value] = feature.split('=');
    const places = path === 'apiVersion' ? [root.at('apiVersion')] : placesAt(root, path);
    const used = places.filter((place) => (value === undefined ? place.isSet : place.text.split('/').at(-1) === value));
    return used.map((place) => ({ place, since: minor }));
  });
}

/** Whether a release, e.g. `1.25.3`, is older than a minor one. A version that cannot be read is not older than any. */
export function isOlder(version: string, minor: string): boolean {
  const [major, own] = parts(version);
  const [otherMajor, other] = parts(minor);
  if (major === undefined || own === undefined) return false;
  return major < (otherMajor ?? 0) || (major === otherMajor && own < (other ?? 0));
}

function parts(version: string): (number | undefined)[] {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return [major, minor].map((part) => (part === undefined ? undefined : Number(part)));
}

const lastPatch: Partial<Record<string, number>> = table.lastPatch;
/** Minor releases that still get patches, so that a later patch than the known ones may exist. */
const supportedMinors = 4;

/** Why no release of Istio has a version, e.g. `1.30.3`; undefined when one has. Used for `istio.version` in a stack file. */
export function releaseFault(version: string): string | undefined {
  const [, minor, patch] = /^(1\.\d+)\.(\d+)(?:-(?:alpha|beta|rc)\.\d+)?$/.exec(version) ?? [];
  if (minor === undefined) return 'is no version of Istio; write one such as 1.30.3';
  const last = lastPatch[minor];
  const range = `known are ${table.oldest} to ${newestMinor}`;
  if (last === undefined) return `no Istio ${minor} is known; ${range}`;
  const isSupported = Number(newestMinor.slice(2)) - Number(minor.slice(2)) < supportedMinors;
  return isSupported || Number(patch) <= last
    ? undefined
    : `is no release of Istio; the last of ${minor} is ${minor}.${last}`;
}

/** The places that a path stands for, in which `[]` are the items of a list and `{}` the values of a map. */
function placesAt(root: Place, path: string): Place[] {
  return (path.match(/[^.[\]{}]+|\[\]|\{\}/g) ?? []).reduce<Place[]>(
    (places, step) => {
      if (step === '[]') return places.flatMap((place) => place.items);
      if (step === '{}') return places.flatMap((place) => place.entries.map((entry) => entry.place));
      return places.map((place) => place.at(step)).filter(({ isSet }) => isSet);
    },
    [root],
  );
}
