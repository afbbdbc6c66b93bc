import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import type { RouteSettings } from '../../mesh/manifests/settings';
import { routeKeys, stackValue } from '../../config/edit';
import { readJson, Store, writeAtomically } from './store';

/** States of a route that are kept: the present one and the ten before it. */
const kept = 11;

/** A state of a route that the proxies have served. */
export interface LiveState {
  /** The route, as the stack file had it. */
  settings: RouteSettings;
  /** When it was last proven that the proxies serve it, in milliseconds since 1970. */
  provenAt: number;
}

/** The states of a route that were live, the newest first. */
export function historyOf(store: Store, route: string): LiveState[] {
  const file = fileOf(store, route);
  return existsSync(file) ? (readJson(file) as LiveState[]) : [];
}

/**
 * Remembers that the proxies serve the routes of a stack file.
 * @param text - the stack file that was deployed
 */
export function recordLive(store: Store, text: string, routes: readonly string[], now: number): void {
  for (const route of routes) {
    const settings = stackValue(text, routeKeys(route)) as RouteSettings | undefined;
    if (settings === undefined) continue;
    const others = historyOf(store, route).filter((state) => !isDeepStrictEqual(state.settings, settings));
    const states = [{ settings, provenAt: now }, ...others].slice(0, kept);
    writeAtomically(fileOf(store, route), `${JSON.stringify(states, null, 2)}\n`);
  }
}

function fileOf({ folder }: Store, route: string): string {
  return join(folder, 'history', `${route.replace('/', '.')}.json`);
}
