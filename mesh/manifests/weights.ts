import type { SettingsProblem } from './formats';
import type { RouteSettings, VersionSettings, Weight, Weights } from './settings';

/** Required sum of the weights of one rule, in whole percent. */
export const fullWeight = 100;

/**
 * Weights in whole percent, in the order of the settings, with `rest` replaced by the remainder.
 * @returns undefined for weights with {@link weightProblems}
 */
export function effectiveWeights(weights: Weights): Record<string, number> | undefined {
  if (weightProblems(weights).length > 0) return undefined;
  const rest = fullWeight - statedSum(weights);
  return Object.fromEntries(
    Object.entries(weights).map(([version, weight]) => [version, weight === 'rest' ? rest : weight]),
  );
}

/** `v1 90 %, v3 10 %` */
export function splitText(split: Readonly<Record<string, number>>): string {
  return Object.entries(split)
    .map(([version, weight]) => `${version} ${weight} %`)
    .join(', ');
}

/**
 * Weights with this effective split, written as the given ones are: `rest` stays with its version, and versions keep
 * their order.
 */
export function weightsAs(written: Weights, split: Readonly<Record<string, number>>): Weights {
  const kept = Object.entries(written).map(([version, weight]): [string, Weight] => [
    version,
    weight === 'rest' ? weight : (split[version] ?? 0),
  ]);
  return { ...Object.fromEntries(kept), ...notIn(split, written) };
}

function notIn(split: Readonly<Record<string, number>>, written: Weights): Weights {
  return Object.fromEntries(Object.entries(split).filter(([version]) => !(version in written)));
}

/** Problems of weights: one that is not a whole number from 0 to 100, two `rest`, a sum that is not 100. Stricter than Istio, which accepts any sum since 1.15. */
export function weightProblems(weights: Weights): SettingsProblem[] {
  const entries = Object.entries(weights);
  const problems: SettingsProblem[] = entries.flatMap(([version, weight]) => {
    const message = weightProblem(weight);
    return message === undefined ? [] : [{ path: [version], message }];
  });
  const rests = entries.filter(([, weight]) => weight === 'rest').map(([version]) => version);
  if (rests.length > 1)
    problems.push({ path: [], message: `at most one version can be "rest"; here ${list(rests)} are` });
  if (entries.length === 0) problems.push({ path: [], message: 'weights must name at least one version' });
  if (problems.length > 0) return problems;
  const sum = statedSum(weights);
  if (rests.length === 0 && sum !== fullWeight) {
    problems.push({
      path: [],
      message: `weights must sum to 100, these sum to ${sum}: ${described(weights)}; change one of them, or make it "rest"`,
    });
  }
  if (rests.length === 1 && sum > fullWeight) {
    problems.push({
      path: [],
      message: `the weights beside "rest" must not exceed 100, these sum to ${sum}: ${described(weights)}`,
    });
  }
  return problems;
}

/**
 * A split as its destinations are written: version and weight, in the order that the route asks for. A lone `rest` has no weight, since Istio sends everything to a
 * single destination.
 */
export function splitOf(route: RouteSettings, weights: Weights): [version: string, weight: number | undefined][] {
  const whole = Object.entries(effectiveWeights(weights) ?? {});
  if (whole.length === 1 && Object.values(weights)[0] === 'rest') return whole.map(([version]) => [version, undefined]);
  return route.order === undefined ? whole : inOrder(whole, route.order, ([version]) => version);
}

/** Items in the order of the names; those without a name there follow as they were. */
export function inOrder<T>(items: readonly T[], names: readonly string[], nameOf: (item: T) => string): T[] {
  const place = new Map(names.map((name, index) => [name, index]));
  const of = (item: T): number => place.get(nameOf(item)) ?? names.length;
  return [...items].sort((a, b) => of(a) - of(b));
}

function weightProblem(weight: Weight): string | undefined {
  if (weight === 'rest') return undefined;
  if (Number.isInteger(weight) && weight >= 0 && weight <= fullWeight) return undefined;
  return `a weight must be a whole number from 0 to 100, or "rest"`;
}

function statedSum(weights: Weights): number {
  return Object.values(weights).reduce<number>((sum, weight) => sum + (weight === 'rest' ? 0 : weight), 0);
}

function described(weights: Weights): string {
  return Object.entries(weights)
    .map(([version, weight]) => `${version} ${weight}`)
    .join(', ');
}

function list(names: string[]): string {
  return names.map((name) => `"${name}"`).join(' and ');
}

export interface Version extends VersionSettings {
  version: string;
  labels: Record<string, string>;
}

/** A service's versions in the order of the settings, with their labels. */
export function versionsOf(route: RouteSettings): Version[] {
  const versions = route.versions ?? [];
  const named: [string, VersionSettings][] = Array.isArray(versions)
    ? versions.map((version) => [version, {}])
    : Object.entries(versions);
  return named.map(([version, settings]) => ({ ...settings, version, labels: settings.labels ?? { version } }));
}

/** A split in a route's settings, and its path below the route. */
interface RouteSplit {
  weights: Weights;
  path: (string | number)[];
}

/** The split of the service, and those of its rules. */
function splitsOf(route: RouteSettings): RouteSplit[] {
  const ofRules = (['http', 'tcp', 'tls'] as const).flatMap((list) =>
    (route[list] ?? []).flatMap(({ weights }, index) =>
      weights === undefined ? [] : [{ weights, path: [list, index, 'weights'] }],
    ),
  );
  return route.weights === undefined ? ofRules : [{ weights: route.weights, path: ['weights'] }, ...ofRules];
}

/** A problem of a split. */
export interface SplitProblem extends SettingsProblem {
  /** Path of the split below the route. */
  split: (string | number)[];
  /** What is wrong: the weights alone, or the versions that they name. */
  about: 'weights' | 'versions';
}

/** Problems of all splits of a service's route: weights that are not valid, and versions that the service does not have. */
export function splitProblems(service: string, route: RouteSettings): SplitProblem[] {
  return splitsOf(route).flatMap(({ weights, path: split }) => [
    ...weightProblems(weights).map(({ path, message }): SplitProblem => ({
      path: [...split, ...path],
      message,
      split,
      about: 'weights',
    })),
    ...versionProblems(service, route, weights).map(({ path, message }): SplitProblem => ({
      path: [...split, ...path],
      message,
      split,
      about: 'versions',
    })),
  ]);
}

function versionProblems(service: string, route: RouteSettings, weights: Weights): SettingsProblem[] {
  const names = Object.keys(weights);
  const known = versionsOf(route).map(({ version }) => version);
  if (known.length === 0) {
    return [{ path: [], message: `weights need versions: add versions: [${names.join(', ')}] to ${service}` }];
  }
  return names
    .filter((version) => !known.includes(version))
    .map((version) => ({
      path: [version],
      message: `${service} has no version "${version}"; its versions are ${known.join(', ')}`,
    }));
}
