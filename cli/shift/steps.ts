import type { HttpRuleSettings, RouteSettings, Weights } from '../../mesh/manifests/settings';
import { effectiveWeights, fullWeight, splitText, versionsOf, weightsAs } from '../../mesh/manifests/weights';
import { needsLastRule, splitDestinations, usesSplit, type SplitDestination } from '../../mesh/manifests/routes';
import { escapeRegex } from '../../mesh/strings';
import { UserError } from '../errors';
import type { ShiftOptions } from './options';

/** The parts of a route that a shift changes, as the stack file has them. A missing part is not in the file. */
export interface RouteState {
  weights?: Weights;
  http?: HttpRuleSettings[];
}

/** A step: the config of all routes of the shift. */
export interface Step {
  /** `v3 25 %`, `mirror 100 % to v3`, `x-canary: always to v3`, or `before`. */
  label: string;
  kind: 'before' | 'mirror' | 'match' | 'weights';
  /** How far it is on the way to the target, in whole percent. */
  share: number;
  /** By `namespace/service`. */
  routes: Record<string, RouteState>;
}

/** A route that a shift moves. */
export interface ShiftRoute {
  /** `namespace/service` */
  name: string;
  settings: RouteSettings;
}

/** The parts of a route that a shift changes. */
export function routeStateOf({ weights, http }: RouteSettings): RouteState {
  return { ...(weights === undefined ? {} : { weights }), ...(http === undefined ? {} : { http }) };
}

/**
 * The states of a shift: the one before, then the mirror and the header if asked for, then the weights.
 * @param target - the split at the end, in whole percent
 * @throws UserError when a route cannot be shifted
 */
export function stepsOf(
  routes: readonly ShiftRoute[],
  target: Readonly<Record<string, number>>,
  options: Pick<ShiftOptions, 'steps' | 'header' | 'cookie' | 'mirror' | 'sticky'>,
): Step[] {
  for (const route of routes) refuseUnshiftable(route, target);
  const [only] = Object.keys(target).length === 1 ? Object.keys(target) : [];
  const to = describeSplit(target);
  const step = (
    kind: Step['kind'],
    label: string,
    share: number,
    state: (route: RouteSettings, name: string) => RouteState,
  ): Step => ({
    kind,
    label,
    share,
    routes: Object.fromEntries(routes.map(({ name, settings }) => [name, state(settings, name)])),
  });
  const steps = [step('before', 'before', 0, routeStateOf)];
  if (options.mirror !== undefined) {
    if (only === undefined) throw new UserError('--mirror needs one version: --to VERSION.');
    const percent = options.mirror;
    steps.push(
      step('mirror', `mirror ${percent} % to ${only}`, 0, (settings, name) => mirrored(settings, name, only, percent)),
    );
  }
  const match = matchOf(options);
  const matching = match === undefined ? [] : [{ headers: match.headers, weights: { ...target } }];
  if (match !== undefined)
    steps.push(step('match', `${match.words} to ${to}`, 0, (settings) => withExceptions(settings, matching)));
  for (const share of options.steps) {
    const label = only === undefined ? `${share} % of the way to ${to}` : `${only} ${share} %`;
    steps.push(
      step('weights', label, share, (settings, name) => {
        const moved = { ...settings, weights: towards(settings.weights ?? {}, target, share) };
        // The last step removes what only the steps before it need.
        if (share === fullWeight) return routeStateOf(moved);
        const kept = options.sticky === undefined ? undefined : sticky(moved, name, options.sticky);
        const exceptions = [...matching, ...(kept?.exceptions ?? [])];
        if (exceptions.length === 0) return routeStateOf(moved);
        const state = withExceptions(moved, exceptions, kept?.route);
        // The split would get a last rule of its own, which opens every path of the gateway.
        if (!needsLastRule(moved) && needsLastRule({ ...moved, ...state }))
          throw new UserError(
            `${name} cannot keep clients with their version (sticky): at a gateway that needs a rule of http without a match.`,
          );
        return state;
      }),
    );
  }
  return steps;
}

/** `v2 30 %, v3 70 %`, or the only version. */
function describeSplit(split: Readonly<Record<string, number>>): string {
  const [only, ...others] = Object.keys(split);
  return only !== undefined && others.length === 0 ? only : splitText(split);
}

function refuseUnshiftable({ name, settings }: ShiftRoute, target: Readonly<Record<string, number>>): void {
  const { weightsOwnedBy, weights } = settings;
  if (weightsOwnedBy !== undefined)
    throw new UserError(
      `${name} cannot be shifted: its weights belong to ${weightsOwnedBy} (weightsOwnedBy), which would undo each step. Shift it there, or remove weightsOwnedBy first.`,
    );
  if (weights === undefined || effectiveWeights(weights) === undefined)
    throw new UserError(`${name} has no weights that could be shifted; add weights to the route.`);
  const known = versionsOf(settings).map(({ version }) => version);
  for (const version of Object.keys(target)) {
    if (!known.includes(version))
      throw new UserError(`${name} has no version ${version}; its versions are ${known.join(', ')}.`);
  }
}

/**
 * Weights on the way to a target. Each version moves by the same share of its way; rounding goes to the versions with
 * the largest remainders, so that the sum stays 100.
 */
export function towards(from: Weights, target: Readonly<Record<string, number>>, share: number): Weights {
  const before = effectiveWeights(from) ?? {};
  const versions = [...new Set([...Object.keys(before), ...Object.keys(target)])];
  const exact = versions.map((version) => {
    const [start, end] = [before[version] ?? 0, target[version] ?? 0];
    return { version, weight: start + ((end - start) * share) / fullWeight };
  });
  const whole = new Map(exact.map(({ version, weight }) => [version, Math.floor(weight)]));
  let left = fullWeight - [...whole.values()].reduce((sum, weight) => sum + weight, 0);
  // A target gets its full share first: a step of 5 % must not be rounded to 4 %.
  const byRemainder = [...exact].sort(
    (a, b) => remainder(b.weight) - remainder(a.weight) || Number(b.version in target) - Number(a.version in target),
  );
  for (const { version } of byRemainder) {
    if (left <= 0) break;
    whole.set(version, (whole.get(version) ?? 0) + 1);
    left--;
  }
  return weightsAs(from, Object.fromEntries(whole));
}

function remainder(weight: number): number {
  return weight - Math.floor(weight);
}

interface HeaderMatch {
  words: string;
  headers: Record<string, Record<string, string>>;
}

type Sticky = NonNullable<ShiftOptions['sticky']>;

function matchOf({ header, cookie }: Pick<ShiftOptions, 'header' | 'cookie'>): HeaderMatch | undefined {
  if (header !== undefined)
    return { words: `${header.name}: ${header.value}`, headers: { [header.name]: { exact: header.value } } };
  if (cookie === undefined) return undefined;
  const pair = `${escapeRegex(cookie.name)}=${escapeRegex(cookie.value)}`;
  return {
    words: `cookie ${cookie.name}=${cookie.value}`,
    headers: { cookie: { regex: `^(.*;\\s*)?${pair}(;.*)?$` } },
  };
}

/** Requests with these headers go to a split of their own. */
interface Exception {
  headers: HeaderMatch['headers'];
  weights: Record<string, number>;
}

/**
 * A route with exceptions in front of each rule that uses the split. So they take no requests from other rules, and at
 * a gateway no other path becomes reachable.
 * @param route - the destinations of the split, if they say more than its weights
 */
function withExceptions(
  settings: RouteSettings,
  exceptions: readonly Exception[],
  route?: readonly SplitDestination[],
): RouteState {
  const destinations = route === undefined ? {} : { route };
  const http = (settings.http ?? []).flatMap((rule) => {
    if (!usesSplit(rule)) return [rule];
    const match = (rule.match ?? []).length === 0 ? [{}] : (rule.match ?? []);
    const copies = exceptions.flatMap(({ headers, weights }) => {
      // One header cannot have two conditions.
      const free = match.filter((one) => !Object.keys(headers).some((name) => name in (one.headers ?? {})));
      const both = free.map((one) => ({ ...one, headers: { ...one.headers, ...headers } }));
      return both.length === 0 ? [] : [{ ...rule, match: both, weights }];
    });
    return [...copies, { ...rule, ...destinations }];
  });
  const last = needsLastRule(settings)
    ? [
        ...exceptions.map(({ headers, weights }) => ({ match: [{ headers }], weights })),
        ...(route === undefined ? [] : [{ route }]),
      ]
    : [];
  return { ...routeStateOf(settings), http: [...http, ...last] as HttpRuleSettings[] };
}

/** A split that sets a cookie in each response, and the exceptions that send requests with it to the version that set it. */
function sticky(
  settings: RouteSettings,
  name: string,
  { seconds, token }: Sticky,
): { exceptions: Exception[]; route: SplitDestination[] } {
  const service = name.split('/')[1] ?? name;
  const cookie = `meshwright-${service}`;
  const weights = effectiveWeights(settings.weights ?? {}) ?? {};
  const exceptions = Object.keys(weights)
    .filter((version) => (weights[version] ?? 0) > 0)
    .flatMap((version) => {
      const match = matchOf({ cookie: { name: cookie, value: `${version}.${token}` } });
      return match === undefined ? [] : [{ headers: match.headers, weights: { [version]: fullWeight } }];
    });
  const route = splitDestinations(service, settings, weights).map((one) => {
    const { subset, host } = one.destination;
    const version = subset ?? versionsOf(settings).find((known) => known.host === host)?.version ?? '';
    const value = `${cookie}=${version}.${token}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax`;
    const response = { ...one.headers?.response, add: { ...one.headers?.response?.add, 'Set-Cookie': value } };
    return { ...one, headers: { ...one.headers, response } };
  });
  return { exceptions, route };
}

/** A route that sends copies of the requests to a version. Their responses are dropped. */
function mirrored(settings: RouteSettings, name: string, version: string, percent: number): RouteState {
  const found = versionsOf(settings).find((one) => one.version === version);
  const host = found?.host ?? settings.host ?? name.split('/')[1] ?? name;
  const mirror = {
    host,
    ...(found?.host === undefined ? { subset: version } : {}),
    ...(settings.port === undefined ? {} : { port: { number: settings.port } }),
  };
  const copying = { mirror, mirrorPercentage: { value: percent } };
  const http = settings.http ?? [];
  const rules = http.map((rule) => (usesSplit(rule) ? { ...rule, ...copying } : rule));
  const last = needsLastRule(settings) ? [copying] : [];
  return routeStateOf({ ...settings, http: [...rules, ...last] as HttpRuleSettings[] });
}
