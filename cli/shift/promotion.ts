import { isDeepStrictEqual } from 'node:util';
import { routeKeys, setStackValue, stackValue } from '../../config/edit';
import { isMap } from '../../mesh/json';
import type { RouteSettings } from '../../mesh/manifests/settings';
import type { DeployedState } from './history';

/**
 * The parts of a route that a promotion moves. Hosts, gateways, ports and names belong to an environment, and so does
 * everything outside of its routes: kubernetes:*, secrets, externals, apps, addons, policy and proof never move.
 */
const movedParts = ['versions', 'order', 'weights', 'http', 'trafficPolicy'] as const;
type Part = (typeof movedParts)[number];

/** Keys inside of a part that name something of one environment. */
const environmentKeys = [
  'gateways',
  'authority',
  'host',
  'credentialName',
  'sourceNamespace',
  'sourceLabels',
  'delegate',
  'caCertificates',
  'secure',
];
/** Headers whose values are secrets. */
const secretKeys =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|.*(?:token|secret|password|credential).*)$/i;

/** One part of one route in the three states. */
export interface Move {
  route: string;
  part: Part;
  /** As it was at the last promotion; undefined when there was none. */
  base: unknown;
  source: unknown;
  target: unknown;
}

export interface Promotion {
  moves: Move[];
  /** Differences that stay, and why. */
  kept: string[];
  /** Why nothing may be promoted. */
  refused: string[];
  /** The target's text afterwards. */
  text: string;
}

export interface PromotionInput {
  source: string;
  target: string;
  /** The routes to promote. Defaults to all that both files have. */
  routes: readonly string[] | undefined;
  /** The states of a route that were live in the source, the newest first. */
  deployed: (route: string) => readonly DeployedState[];
  /** What the target got at the last promotion of a route. */
  base: (route: string) => RouteSettings | undefined;
  maxAgeMs: number;
  now: number;
}

/** What a promotion moves. Pure. */
export function promotionOf(input: PromotionInput): Promotion {
  const { source, target } = input;
  const result: Promotion = { moves: [], kept: [], refused: [], text: target };
  const [from, to] = [routesOf(source), routesOf(target)];
  for (const [route, settings] of from) {
    if (input.routes !== undefined && !input.routes.includes(route)) continue;
    const own = to.get(route);
    if (own === undefined)
      result.kept.push(`${route}: the target has no such route; add it there with its own hosts and gateways`);
    else promoteRoute(input, route, settings, own, result);
  }
  for (const { route, part, source: value } of result.moves)
    result.text = setStackValue(result.text, [...routeKeys(route), part], value);
  return result;
}

function promoteRoute(
  input: PromotionInput,
  route: string,
  source: RouteSettings,
  target: RouteSettings,
  result: Promotion,
): void {
  const base = input.base(route);
  const differing = movedParts.filter((part) => !isDeepStrictEqual(source[part], target[part]));
  if (differing.length === 0) return;
  if (source.weightsOwnedBy !== undefined || target.weightsOwnedBy !== undefined) {
    result.kept.push(`${route}: its weights belong to ${source.weightsOwnedBy ?? target.weightsOwnedBy ?? ''}`);
    return;
  }
  const before = result.moves.length;
  for (const part of differing) {
    const environment = [...environmentPaths(source[part], part), ...environmentPaths(target[part], part)];
    if (environment.length > 0) {
      result.kept.push(
        `${route}: ${part} stays, as ${[...new Set(environment)].join(', ')} belongs to one environment or is secret`,
      );
      continue;
    }
    // Only the source has moved since the last promotion, or there was none.
    if (
      base !== undefined &&
      !isDeepStrictEqual(base[part], target[part]) &&
      !isDeepStrictEqual(base[part], source[part])
    )
      result.refused.push(`${route}: ${part} was changed in both since the last promotion; set one of them by hand`);
    else if (base !== undefined && isDeepStrictEqual(base[part], source[part]))
      result.kept.push(`${route}: ${part} was changed in the target only, and stays`);
    else result.moves.push({ route, part, base: base?.[part], source: source[part], target: target[part] });
  }
  if (result.moves.length > before) result.refused.push(...unproven(input, route, source));
}

function unproven({ deployed, now, maxAgeMs }: PromotionInput, route: string, source: RouteSettings): string[] {
  const [latest] = deployed(route);
  if (latest === undefined || !isDeepStrictEqual(latest.settings, source))
    return [`${route}: the source's config was never proven live; deploy it there first`];
  if (latest.provenAt === undefined)
    return [`${route}: no proxy was seen to serve the source's config; \`meshwright live\` on the source proves it`];
  const age = now - latest.provenAt;
  if (age <= maxAgeMs) return [];
  return [
    `${route}: the proof is ${hours(age)} old, at most ${hours(maxAgeMs)} are allowed; \`meshwright live\` on the source proves it again`,
  ];
}

function hours(milliseconds: number): string {
  return `${Math.round(milliseconds / 360_000) / 10} h`;
}

function routesOf(text: string): Map<string, RouteSettings> {
  const routes = (stackValue(text, ['routes']) ?? {}) as Record<string, Record<string, RouteSettings>>;
  return new Map(
    Object.entries(routes).flatMap(([namespace, services]) =>
      Object.entries(services).map(([service, route]): [string, RouteSettings] => [`${namespace}/${service}`, route]),
    ),
  );
}

/** The keys in a value that name something of one environment, or hold a secret. */
function environmentPaths(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => environmentPaths(item, `${path}[${index}]`));
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    environmentKeys.includes(key) || secretKeys.test(key)
      ? [`${path}.${key}`]
      : environmentPaths(inner, `${path}.${key}`),
  );
}

/** The three-way difference as text. */
export function promotionText({ moves, kept }: Pick<Promotion, 'moves' | 'kept'>): string {
  const lines = moves.map(
    ({ route, part, base, source, target }) =>
      `~ ${route} ${part}\n    last promoted  ${words(base)}\n    source         ${words(source)}\n    target         ${words(target)}`,
  );
  return [...lines, ...kept.map((line) => `= ${line}`)].join('\n');
}

/** The three-way difference as Markdown for a pull request. */
export function promotionMarkdown(from: string, to: string, { moves, kept }: Promotion, traffic: string): string {
  const cell = (value: unknown): string => `\`${words(value).replaceAll('|', '\\|')}\``;
  const rows = moves.map(
    ({ route, part, base, source, target }) =>
      `| ${route} | ${part} | ${cell(base)} | ${cell(target)} | ${cell(source)} |`,
  );
  return [
    `## Promote ${from} to ${to}`,
    '',
    '| route | part | last promoted | now | then |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...(traffic === '' ? [] : [traffic, '']),
    ...(kept.length === 0 ? [] : ['Stays:', '', ...kept.map((line) => `- ${line}`), '']),
  ].join('\n');
}

function words(value: unknown): string {
  return value === undefined ? '-' : JSON.stringify(value);
}
