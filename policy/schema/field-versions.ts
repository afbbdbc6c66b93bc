import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import table from './field-versions.generated.json';
import { FieldPlace } from './place';

/** A field or value that is newer than the oldest known release of Istio. */
export interface Feature {
  place: FieldPlace;
  /** Minor release that introduced it, e.g. `1.26`. */
  since: string;
}

/** The newest minor release whose fields are known. */
export const newestMinor: string = table.newest;

const since: Record<string, Record<string, string>> = table.since;

/** The fields and values of an object that some releases of Istio lack. */
export function featuresOf(object: KubernetesObject): Feature[] {
  const root = new FieldPlace(object);
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

/** The places that a path matches; `[]` matches the items of a list, and `{}` the values of a map. */
function placesAt(root: FieldPlace, path: string): FieldPlace[] {
  return (path.match(/[^.[\]{}]+|\[\]|\{\}/g) ?? []).reduce<FieldPlace[]>(
    (places, step) => {
      if (step === '[]') return places.flatMap((place) => place.items);
      if (step === '{}') return places.flatMap((place) => place.entries.map((entry) => entry.place));
      return places.map((place) => place.at(step)).filter(({ isSet }) => isSet);
    },
    [root],
  );
}
