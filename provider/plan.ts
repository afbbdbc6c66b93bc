import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { canonicalHost } from '../cluster/proxies';
import { isRoute, type Objects } from './set';

/** An object before and after an update. */
export interface Change {
  title: string;
  before?: KubernetesObject;
  after: KubernetesObject;
}

/** What an update of a set has to do, phase by phase: each waits for the one before it. */
export interface Plan {
  /** What routes need is written first. */
  rules: Change[];
  /** Then routes, between the proof that their destinations can be reached and the proof that they are live. */
  routes: Change[];
  /** Routes that stay as they are, but were never proven. */
  again: Change[];
  /** Routes that left: taken away when all else is live. */
  goneRoutes: [string, KubernetesObject][];
  /** Last, what no route uses any more. */
  goneRules: [string, KubernetesObject][];
}

/**
 * Make before break, for a whole set at once. Pure.
 * @param before - the objects as they are; none for a new set
 * @param unproven - titles of routes that an earlier update has written and not proven
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
    again: changes.filter((change) => unproven.includes(change.title) && !changed.includes(change)),
    goneRoutes: gone.filter(([, object]) => isRoute(object)),
    goneRules: gone.filter(([, object]) => !isRoute(object)),
  };
}

/** Hosts of DestinationRules that are not for every proxy. */
export function restrictedHosts(objects: Objects): Set<string> {
  const rules = [...objects.values()].filter((object) => !isRoute(object));
  const restricted = rules.filter(
    ({ spec }) => spec?.['exportTo'] !== undefined || spec?.['workloadSelector'] !== undefined,
  );
  return new Set(restricted.map(hostOf));
}

/** Host that a DestinationRule is for. */
export function hostOf({ spec, metadata }: KubernetesObject): string {
  const host = spec?.['host'];
  return canonicalHost(typeof host === 'string' ? host : '', metadata.namespace ?? 'default');
}
