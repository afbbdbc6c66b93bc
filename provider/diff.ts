import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { objectPath, type RouteInputs } from '../mesh/manifests/route-set';
import { withoutWeights } from '../mesh/manifests/route-weights';
import { isRoute, isUnknown, type RouteState } from './route-state';

export type DiffKind = 'add' | 'delete' | 'update' | 'update-replace';

/** What an update changes, by property path. */
export type RouteDiff = Readonly<Record<string, DiffKind>>;

/** The limits are not among them: they judge a change and are none, so that a stricter policy does not show as a change of every route. */
const plain = ['kubeconfig', 'context', 'proof', 'weightsOwnedBy'] as const;

/**
 * The differences between the deployed Route and the new one. If only weights change, the difference shows weights, not
 * the JSON of the VirtualService.
 * @param moves - whether `after` is for another cluster
 */
export function diffOf(before: RouteState, after: RouteInputs, moves = false): RouteDiff {
  const diff: Record<string, DiffKind> = {};
  if (before.namespace !== after.namespace) diff['namespace'] = 'update-replace';
  for (const key of plain) {
    const kind = kindOf(before[key], after[key]);
    const isCluster = key === 'kubeconfig' || key === 'context';
    if (kind !== undefined) diff[key] = moves && isCluster ? 'update-replace' : kind;
  }
  if (isUnknown(after.objects)) return { ...diff, objects: 'update' };
  const weights = after.weightsOwnedBy === undefined ? valueDiff('weights', before.weights, after.weights) : {};
  for (const title of new Set([...Object.keys(before.objects), ...Object.keys(after.objects)])) {
    const kind = objectKind(before.objects[title], after.objects[title], (was, is) =>
      // The stack ignores changes of weights that others own.
      after.weightsOwnedBy !== undefined || Object.keys(weights).length > 0
        ? isRoute(is) && isDeepStrictEqual(withoutWeights(was), withoutWeights(is))
        : false,
    );
    if (kind !== undefined) diff[objectPath(title)] = kind;
  }
  Object.assign(diff, weights);
  // The next update proves what is unproven, even if nothing else changes.
  if (before.unproven.length > 0) diff['unproven'] = 'update';
  return diff;
}

function kindOf(before: unknown, after: unknown): DiffKind | undefined {
  if (isDeepStrictEqual(before, after)) return undefined;
  if (before === undefined) return 'add';
  return after === undefined ? 'delete' : 'update';
}

/** Differences of nested maps, by path. */
function valueDiff(path: string, before: unknown, after: unknown): Record<string, DiffKind> {
  const kind = kindOf(before, after);
  if (kind === undefined) return {};
  if (!isMap(before) || !isMap(after)) return { [path]: kind };
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.assign({}, ...keys.map((key) => valueDiff(keyPath(path, key), before[key], after[key]))) as Record<
    string,
    DiffKind
  >;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function keyPath(path: string, key: string): string {
  return /^\w+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/** The JSON of equal objects may differ in the order of keys. */
function objectKind(
  before: string | undefined,
  after: string | undefined,
  isSame: (was: KubernetesObject, is: KubernetesObject) => boolean,
): DiffKind | undefined {
  if (before === after) return undefined;
  if (before === undefined) return 'add';
  if (after === undefined) return 'delete';
  if (isUnknown(after)) return 'update';
  const [was, is] = [JSON.parse(before) as KubernetesObject, JSON.parse(after) as KubernetesObject];
  return isDeepStrictEqual(was, is) || isSame(was, is) ? undefined : 'update';
}
