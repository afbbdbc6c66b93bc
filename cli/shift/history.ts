import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import type { RouteSettings } from '../../mesh/manifests/settings';
import { routeKeys, stackValue } from '../../config/edit';
import { readJson, Store, writeAtomically } from './store';

/** States of a route that are kept: the present one and the ten before it. */
const kept = 11;

/** A state of a route that was deployed. Times are in milliseconds since 1970. */
export interface DeployedState {
  /** The route, as the stack file had it. */
  settings: RouteSettings;
  deployedAt: number;
  /** When proxies were last seen to serve it; absent if no proxy was asked, or none has the route. */
  provenAt?: number;
}

/** The states of a route that were deployed, the newest first. */
export function historyOf(store: Store, route: string): DeployedState[] {
  const file = fileOf(store, route);
  return existsSync(file) ? (readJson(file) as DeployedState[]) : [];
}

/**
 * Remembers the routes of a stack file that was deployed. A route that was deployed again without a change keeps the
 * time of its last proof.
 * @param text - the stack file
 * @param isProven - whether proxies were just seen to serve a route
 */
export function recordDeployed(
  store: Store,
  text: string,
  routes: readonly string[],
  { isProven, now }: { isProven: (route: string) => boolean; now: number },
): void {
  for (const route of routes) {
    const settings = stackValue(text, routeKeys(route)) as RouteSettings | undefined;
    if (settings === undefined) continue;
    const states = historyOf(store, route);
    const isSame = (state: DeployedState): boolean => isDeepStrictEqual(state.settings, settings);
    const current = states.slice(0, 1).find(isSame) ?? { settings, deployedAt: now };
    const recorded = isProven(route) ? { ...current, provenAt: now } : current;
    const next = [recorded, ...states.filter((state) => !isSame(state))].slice(0, kept);
    if (!isDeepStrictEqual(next, states)) writeAtomically(fileOf(store, route), `${JSON.stringify(next, null, 2)}\n`);
  }
}

/** Remembers that proxies were just seen to serve the routes of a stack file. */
export function recordLive(store: Store, text: string, routes: readonly string[], now: number): void {
  recordDeployed(store, text, routes, { isProven: () => true, now });
}

function fileOf({ folder }: Store, route: string): string {
  return join(folder, 'history', `${route.replace('/', '.')}.json`);
}
