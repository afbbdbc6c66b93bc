import type { HttpRuleSettings, RouteSettings, Weights } from '../../mesh/manifests/settings';
import { effectiveWeights, fullWeight, versionsOf, weightsAs } from '../../mesh/manifests/weights';
import { needsLastRule, splitDestinations, usesSplit } from '../../mesh/manifests/routes';
import { UserError } from '../errors';
import type { ShiftOptions } from './options';

/** The parts of a route that a shift changes, as the stack file has them. A missing part is not in the file. */
export interface RouteState {
  weights?: Weights;
  http?: HttpRuleSettings[];
}

/** One state of all routes of a shift. */
export interface Step {
  /** `v3 25 %`, `mirror 100 % to v3`, `x-canary: always to v3`, or `before`. */
  label: string;
  kind: 'before' | 'mirror' | 'match' | 'weights';
  /** Whole percent of the way to the target. */
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
  if (match !== undefined)
    steps.push(
      step('match', `${match.words} to ${to}`, 0, (settings) => matched(settings, settings, match.headers, target)),
    );
  for (const share of options.steps) {
    const label = only === undefined ? `${share} % of the way to ${to}` : `${only} ${share} %`;
    steps.push(
      step('weights', label, share, (settings, name) => {
        const moved = { ...settings, weights: towards(settings.weights ?? {}, target, share) };
        // The last step ends what only the way needs.
        if (share === fullWeight) return routeStateOf(moved);
        const kept = options.sticky === undefined ? moved : sticky(moved, name, options.sticky);
        return match === undefined ? routeStateOf(kept) : matched(kept, moved, match.headers, target);
      }),
    );
  }
  return steps;
}

/** `v2 30 %, v3 70 %`, or the only version. */
function describeSplit(split: Readonly<Record<string, number>>): string {
  const entries = Object.entries(split);
  const [only] = entries;
  if (only !== undefined && entries.length === 1) return only[0];
  return entries.map(([version, weight]) => `${version} ${weight} %`).join(', ');
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
  const pair = `${escaped(cookie.name)}=${escaped(cookie.value)}`;
  return {
    words: `cookie ${cookie.name}=${cookie.value}`,
    headers: { cookie: { regex: `^(.*;\\s*)?${pair}(;.*)?$` } },
  };
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/**
 * A route whose requests with these headers go to the target, in front of all other rules.
 * @param plain - the route with the rules whose requests are matched
 */
function matched(
  settings: RouteSettings,
  plain: RouteSettings,
  headers: HeaderMatch['headers'],
  target: Readonly<Record<string, number>>,
): RouteState {
  const rules = matchingRules(plain, headers, target);
  return routeStateOf({ ...settings, http: [...rules, ...(settings.http ?? [])] });
}

/**
 * Rules that send requests with these headers to a split. A rule that limits paths limits them for these requests too:
 * at a gateway nothing else may become reachable.
 */
function matchingRules(
  settings: RouteSettings,
  headers: HeaderMatch['headers'],
  split: Readonly<Record<string, number>>,
): HttpRuleSettings[] {
  const weights = { ...split };
  const copies = (settings.http ?? []).filter(usesSplit).map((rule) => {
    const match = (rule.match ?? []).length === 0 ? [{}] : (rule.match ?? []);
    return { ...rule, match: match.map((one) => ({ ...one, headers: { ...one.headers, ...headers } })), weights };
  });
  const last = needsLastRule(settings) ? [{ match: [{ headers }], weights }] : [];
  return [...copies, ...last] as HttpRuleSettings[];
}

/** A route that sets a cookie in each response, and sends requests with it to the version that set it. */
function sticky(settings: RouteSettings, name: string, { seconds, token }: Sticky): RouteSettings {
  const service = name.split('/')[1] ?? name;
  const cookie = `meshwright-${service}`;
  const http = settings.http ?? [];
  const weights = effectiveWeights(settings.weights ?? {}) ?? {};
  const rules = Object.keys(weights)
    .filter((version) => (weights[version] ?? 0) > 0)
    .flatMap((version) => {
      const match = matchOf({ cookie: { name: cookie, value: `${version}.${token}` } });
      return match === undefined ? [] : matchingRules(settings, match.headers, { [version]: fullWeight });
    });
  const route = splitDestinations(service, settings, weights).map(({ destination, weight, headers }) => {
    const version = destination.subset ?? versionsOf(settings).find(({ host }) => host === destination.host)?.version;
    const value = `${cookie}=${version ?? ''}.${token}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax`;
    const response = { ...headers?.response, add: { ...headers?.response?.add, 'Set-Cookie': value } };
    return { destination, ...(weight === undefined ? {} : { weight }), headers: { ...headers, response } };
  });
  const split = http.map((rule) => (usesSplit(rule) ? { ...rule, route } : rule));
  const last = needsLastRule(settings) ? [{ route }] : [];
  return { ...settings, http: [...rules, ...split, ...last] as HttpRuleSettings[] };
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
