import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { canonicalHost } from '../cluster/proxies';
import { isRoute, type Objects } from './route-state';

/** An object before and after an update. */
export interface Change {
  title: string;
  before?: KubernetesObject;
  after: KubernetesObject;
}

/** The steps of an update, phase by phase: each waits for the one before it. */
export interface Plan {
  /** DestinationRules to write first, since routes name their subsets. */
  rules: Change[];
  /** VirtualServices to write after that: between the proof that proxies can reach the destinations, and the proof that they serve the route. */
  routes: Change[];
  /** VirtualServices that do not change, but are not proven yet. */
  reprove: Change[];
  /** VirtualServices to delete when everything else is live. */
  goneRoutes: [string, KubernetesObject][];
  /** DestinationRules to delete last. */
  goneRules: [string, KubernetesObject][];
}

/**
 * Make before break, for all objects of a Route. Pure.
 * @param before - the objects as they are; none for a new Route
 * @param unproven - titles of VirtualServices that an earlier update wrote and did not prove
 */
export function planOf(before: Objects, after: Objects, unproven: readonly string[] = []): Plan {
  const changes = [...after].map(([title, object]): Change => {
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
export function restrictedHosts(objects: Objects): Set<string> {
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
