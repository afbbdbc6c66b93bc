import { objectKey, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { dropped, expectedRoute, sharedDestinations } from './expected';

/** One thing to do, after everything before it is done. */
export type OrderStep =
  | { step: 'create' | 'update' | 'delete'; object: KubernetesObject }
  /** Wait until every proxy can send requests to these destinations, which `object` is about to name. */
  | { step: 'reach'; object: KubernetesObject; destinations: string[] }
  /** Wait until every proxy serves `object` as it is now, or no longer when it is gone. */
  | { step: 'prove'; object: KubernetesObject; gone: boolean }
  /** Give the connections to these destinations, which `object` has left, time to end. */
  | { step: 'drain'; object: KubernetesObject; left: string[] };

/**
 * The order in which a change of routing objects loses no request: what routes need is made, then routes are changed, each between the two waits, then routes are taken away, and last what nobody uses
 * any more. It is the order of one route; the provider of route sets takes many through it side by side. Pure.
 */
export function orderOf(before: readonly KubernetesObject[], after: readonly KubernetesObject[]): OrderStep[] {
  const old = new Map(before.map((object) => [objectKey(object), object]));
  const wanted = new Set(after.map(objectKey));
  const changed = after.filter((object) => !isSame(old.get(objectKey(object)), object));
  const gone = before.filter((object) => !wanted.has(objectKey(object)));
  return [
    ...changed.filter((object) => !isRoute(object)).map((object) => written(old, object)),
    ...changed.filter(isRoute).flatMap((object) => routeSteps(old.get(objectKey(object)), object)),
    ...gone.filter(isRoute).flatMap(removalSteps),
    ...gone.filter((object) => !isRoute(object)).map((object): OrderStep => ({ step: 'delete', object })),
  ];
}

function routeSteps(old: KubernetesObject | undefined, object: KubernetesObject): OrderStep[] {
  const known = old === undefined ? [] : sharedDestinations(expectedRoute(old));
  const destinations = sharedDestinations(expectedRoute(object)).filter((name) => !known.includes(name));
  const left = old === undefined ? [] : dropped(old, object);
  return [
    ...(destinations.length === 0 ? [] : [{ step: 'reach' as const, object, destinations }]),
    { step: old === undefined ? 'create' : 'update', object },
    { step: 'prove', object, gone: false },
    ...(left.length === 0 ? [] : [{ step: 'drain' as const, object, left }]),
  ];
}

function removalSteps(object: KubernetesObject): OrderStep[] {
  const left = dropped(object, undefined);
  return [
    { step: 'delete', object },
    { step: 'prove', object, gone: true },
    ...(left.length === 0 ? [] : [{ step: 'drain' as const, object, left }]),
  ];
}

function written(old: ReadonlyMap<string, KubernetesObject>, object: KubernetesObject): OrderStep {
  return { step: old.has(objectKey(object)) ? 'update' : 'create', object };
}

function isRoute({ kind }: KubernetesObject): boolean {
  return kind === 'VirtualService';
}

function isSame(a: KubernetesObject | undefined, b: KubernetesObject): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
