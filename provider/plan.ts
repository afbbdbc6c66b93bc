import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { canonicalHost } from '../cluster/proxies';
import { isRoute, type ObjectsByTitle } from './route-state';

/** An object before and after an update. */
export interface RouteChange {
  title: string;
  before?: KubernetesObject;
  after: KubernetesObject;
}

/** The steps of an update, phase by phase: each waits for the one before it. */
export interface RoutePlan {
  /** DestinationRules to write first, since routes name their subsets. */
  rules: RouteChange[];
  /**
   * VirtualServices to write next: after the proof that proxies can reach the destinations, and before the proof that
   * they serve the route.
   */
  routes: RouteChange[];
  /** VirtualServices that do not change, but are not proven yet. */
  reprove: RouteChange[];
  /** VirtualServices to delete when everything else is live. */
  goneRoutes: [string, KubernetesObject][];
  /** DestinationRules to delete last. */
  goneRules: [string, KubernetesObject][];
}

/**
 * Make before break, for all objects of a Route. Pure.
 * @param before - the deployed objects; none for a new Route
 * @param unproven - titles of VirtualServices that an earlier update wrote and did not prove
 */
export function planOf(before: ObjectsByTitle, after: ObjectsByTitle, unproven: readonly string[] = []): RoutePlan {
  const changes = [...after].map(([title, object]): RouteChange => {
    const was = before.get(title);
    return { title, ...(was === undefined ? {} : { before: was }), after: object };
  });
  const changed = changes.filter(({ before: was, after: is }) => !isDeepStrictEqual(was, is));
  const gone = [...before].filter(([title]) => !after.has(title));
  return {
    rules: changed.filter(({ after: object }) => !isRoute(object)),
    routes: changed.filter(({ after: object }) => isRoute(object)),
    reprove: changes.filter((change) => unproven.includes(change.title) && !changed.includes(change)),
    goneRoutes: gone.filter(([, object]) => isRoute(object)),
    goneRules: gone.filter(([, object]) => !isRoute(object)),
  };
}

/** Hosts of DestinationRules that only some proxies get. */
export function restrictedHosts(objects: ObjectsByTitle): Set<string> {
  const rules = [...objects.values()].filter((object) => !isRoute(object));
  const restricted = rules.filter(
    ({ spec }) => spec?.['exportTo'] !== undefined || spec?.['workloadSelector'] !== undefined,
  );
  return new Set(restricted.map(hostOf));
}

/** Host of a DestinationRule. */
export function hostOf({ spec, metadata }: KubernetesObject): string {
  const host = spec?.['host'];
  return canonicalHost(typeof host === 'string' ? host : '', metadata.namespace ?? 'default');
}
