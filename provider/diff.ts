import { isDeepStrictEqual } from 'node:util';
import { unknown, type RouteSetState } from './set';
import { objectPath, type RouteSetInputs } from '../mesh/manifests/route-set';

export type Kind = 'add' | 'delete' | 'update' | 'update-replace';

/** What an update is to change, by property path. */
export type SetDiff = Readonly<Record<string, Kind>>;

const plain = ['kubeconfig', 'context', 'proof', 'limits'] as const;

/**
 * What differs between a set as it is and as it is to be.
 * @param moves - whether `after` is for another cluster
 */
export function diffOf(before: RouteSetState, after: RouteSetInputs, moves = false): SetDiff {
  const diff: Record<string, Kind> = {};
  if (before.namespace !== after.namespace) diff['namespace'] = 'update-replace';
  for (const key of plain) {
    const kind = kindOf(before[key], after[key]);
    const place = key === 'kubeconfig' || key === 'context';
    if (kind !== undefined) diff[key] = moves && place ? 'update-replace' : kind;
  }
  if ((after.objects as unknown) === unknown) return { ...diff, objects: 'update' };
  for (const title of new Set([...Object.keys(before.objects), ...Object.keys(after.objects)])) {
    const kind = textKind(before.objects[title], after.objects[title]);
    if (kind !== undefined) diff[objectPath(title)] = kind;
  }
  // What was never proven is proven by the next update, even when nothing else changes.
  if (before.unproven.length > 0) diff['unproven'] = 'update';
  return diff;
}

function kindOf(before: unknown, after: unknown): Kind | undefined {
  if (isDeepStrictEqual(before, after)) return undefined;
  if (before === undefined) return 'add';
  return after === undefined ? 'delete' : 'update';
}

/** Texts of the same object may differ in the order of keys. */
function textKind(before: string | undefined, after: string | undefined): Kind | undefined {
  if (before === after) return undefined;
  if (before === undefined) return 'add';
  if (after === undefined) return 'delete';
  if (after === unknown) return 'update';
  return isDeepStrictEqual(JSON.parse(before), JSON.parse(after)) ? undefined : 'update';
}
