import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { named, type Finding } from './finding';
import type { Raised } from './raise';

/** Paths of the values that are known only after deployment, by object. The values themselves are left out of the object. */
export type Unknowns = ReadonlyMap<KubernetesObject, readonly string[]>;

/** The findings that do not rest on an unknown value: what a rule says of a place that is unknown, or that holds or lies in one, is no more than a guess. */
export function withoutUndetermined(raised: readonly Raised[], unknowns: Unknowns): Raised[] {
  return raised.filter(
    ({ finding, object }) =>
      !(object === undefined ? [] : (unknowns.get(object) ?? [])).some((path) => related(path, finding.path)),
  );
}

/** One finding per object with unknown values. It is mandatory where a weight may be among them: nobody has seen that weight yet. */
export function undeterminedFindings(unknowns: Unknowns): Finding[] {
  return [...unknowns].flatMap(([object, paths]) => {
    if (paths.length === 0) return [];
    const weights = object.kind === 'VirtualService' ? paths.filter(mayHoldWeight) : [];
    return [
      {
        rule: 'undetermined',
        level: weights.length > 0 ? ('mandatory' as const) : ('advisory' as const),
        ...named(object),
        path: weights[0] ?? paths[0] ?? '',
        message: undeterminedMessage(paths, weights.length > 0),
      },
    ];
  });
}

function undeterminedMessage(paths: readonly string[], weights: boolean): string {
  const places = `not known before deployment: ${paths.join(', ')}`;
  return weights
    ? `${places}; a weight must be known in the preview: write it as a plain number, not as an output of another resource`
    : `${places}; what rules say of these values is told in the next preview that knows them`;
}

/** Whether one of two paths holds the other, or both are the same. The object as a whole ('') counts only as itself. */
function related(a: string, b: string): boolean {
  return a === b || holds(a, b) || holds(b, a);
}

function holds(outer: string, inner: string): boolean {
  return outer !== '' && inner.startsWith(outer) && /^[.[]/.test(inner.slice(outer.length));
}

function mayHoldWeight(path: string): boolean {
  return /^spec(\.(http|tcp|tls)(\[\d+\](\.route(\[\d+\](\.weight)?)?)?)?)?$/.test(path);
}
