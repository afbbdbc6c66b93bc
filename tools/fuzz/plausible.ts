import { pushTo } from '../../mesh/collections';
import { isMap } from '../../mesh/json';
import type { Random } from '../../mesh/traffic/explanation';
import { pick } from './mutate';

/** Parts of stack files, by the key of the map or list that holds them: entries of maps, and items of lists. */
export type Parts = ReadonlyMap<string, readonly (readonly [key: string | undefined, value: unknown])[]>;

/** All parts of some stack files. */
export function partsOf(stacks: readonly unknown[]): Parts {
  const parts = new Map<string, [string | undefined, unknown][]>();
  for (const { holder, at } of stacks.flatMap((stack) => holders(stack)))
    for (const [key, value] of Object.entries(holder))
      pushTo(parts, at, [Array.isArray(holder) ? undefined : key, value]);
  return parts;
}

/**
 * A copy of a stack file with changes after which it is often still valid: other names, numbers, hosts and times, more labels and variables, and parts of other stacks.
 */
export function plausible(stack: unknown, parts: Parts, random: Random): unknown {
  const { config } = structuredClone(stack) as { config: Record<string, unknown> };
  // Other routes would fail the tests of the stack file.
  delete config['meshwright:expect'];
  let copy: unknown = { config };
  const changes = 1 + Math.floor(random() * 3);
  for (let change = 0; change < changes; change += 1) {
    const kind = random();
    if (kind < 0.25) copy = renamed(copy, random);
    else if (kind < 0.6) changeValue(copy, random);
    else if (kind < 0.8) addString(copy, random);
    else addPart(copy, parts, random);
  }
  return copy;
}

interface Holder {
  holder: Record<string, unknown>;
  /** The key at which it is; for an item of a list, the key of the list. */
  at: string;
}

function holders(value: unknown, at = ''): Holder[] {
  if (!Array.isArray(value) && !isMap(value)) return [];
  const below = Object.entries(value).flatMap(([key, inner]) => holders(inner, Array.isArray(value) ? at : key));
  return [{ holder: value as Record<string, unknown>, at }, ...below];
}

const nameKeys = ['name', 'namespace', 'app', 'subset', 'version', 'serviceAccountName'];
const nameMaps = ['apps', 'gateways', 'namespaces', 'routes', 'secrets', 'services', 'versions', 'workloads'];

/** Gives one name another form wherever it stands. */
function renamed(stack: unknown, random: Random): unknown {
  const names = holders(stack).flatMap(({ holder, at }) => [
    ...nameKeys.map((key) => holder[key]).filter((value) => typeof value === 'string'),
    ...(nameMaps.includes(at.split(':').at(-1) ?? '') ? Object.keys(holder) : []),
  ]);
  const [from, to] = [pick(names, random), someName(random)];
  const inText = (text: string): string =>
    text
      .split(/([./ ])/)
      .map((word) => (word === from ? to : word))
      .join('');
  const inside = (value: unknown): unknown => {
    if (typeof value === 'string') return inText(value);
    if (Array.isArray(value)) return value.map(inside);
    if (!isMap(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [inText(key), inside(inner)]));
  };
  return from === undefined ? stack : inside(stack);
}

function someName(random: Random): string {
  const number = Math.floor(random() * 1000);
  const odd = [`${number}`, `x.${number}`, `A${number}`, 'n'.padEnd(50 + (number % 15), 'x')];
  const forms = [`n${number}`, `a-${number}-b`, `v${number % 10}`];
  return pick(random() < 0.2 ? odd : forms, random) ?? '';
}

/** Replaces one number or string by another of its form. */
function changeValue(stack: unknown, random: Random): void {
  const places = holders(stack).flatMap(({ holder, at }) =>
    Object.keys(holder).flatMap((key) => {
      const other = otherValue(Array.isArray(holder) ? at : key, holder[key], random);
      return other === undefined ? [] : [{ holder, key, other }];
    }),
  );
  const place = pick(places, random);
  if (place !== undefined) place.holder[place.key] = place.other;
}

const enumerations: readonly (readonly string[])[] = [
  ['STRICT', 'PERMISSIVE', 'DISABLE'],
  ['HTTP', 'HTTP2', 'GRPC', 'HTTPS', 'TCP', 'TLS'],
  ['http', 'http2', 'grpc', 'kubernetes.io/h2c', 'tcp'],
  ['DNS', 'STATIC', 'NONE'],
  ['ClusterIP', 'NodePort', 'LoadBalancer'],
  ['SIMPLE', 'MUTUAL', 'PASSTHROUGH', 'ISTIO_MUTUAL'],
  ['GET', 'POST', 'DELETE'],
  ['ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM'],
  ['Always', 'IfNotPresent', 'Never'],
];

function otherValue(key: string, value: unknown, random: Random): unknown {
  const number = Math.floor(random() * 1000);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number')
    return /port|number/i.test(key) ? pick([80, 443, 1 + number, 30000 + number], random) : number % 120;
  if (typeof value !== 'string') return undefined;
  const siblings = enumerations.find((names) => names.includes(value));
  if (siblings !== undefined) return pick(siblings, random);
  if (/^\d+(ms|s|m|h)$/.test(value)) return `${number}${pick(['ms', 's', 'm', 'h'], random)}`;
  if (/^\d+(m|Mi|Gi|k)?$/.test(value)) return `${number}${pick(['', 'm', 'k', 'Mi', 'Gi'], random)}`;
  if (value.startsWith('/')) return pick([`/p${number}`, `/p${number}/`, `/a%20${number}`], random);
  if (key === 'image') return `registry.example.com/i${number}:${number}`;
  if (/^[\w*-]+(\.[\w-]*[a-z][\w-]*)+$/.test(value))
    return pick([`h${number}.example.com`, `*.d${number}.example.com`, `h${number}`], random);
  return undefined;
}

const stringMaps = ['annotations', 'env', 'labels', 'matchLabels', 'nodeSelector', 'selector', 'set'];

/** Adds an entry to a map of strings. */
function addString(stack: unknown, random: Random): void {
  const place = pick(
    holders(stack).filter(({ at }) => stringMaps.includes(at)),
    random,
  );
  if (place === undefined || Array.isArray(place.holder)) return;
  const number = Math.floor(random() * 1000);
  const key = pick(
    [`k${number}`, `K_${number}`, `example.com/k.${number}`, `${number}`, 'k'.padEnd(58 + (number % 8), 'y')],
    random,
  );
  place.holder[key ?? ''] = pick(
    [`v${number}`, `${number}`, '', 'a_b.C-d', 'true', 'v'.padEnd(58 + (number % 8), 'z'), 'a b'],
    random,
  );
}

/** Adds to a map or list what another stack has in a map or list of that key. */
function addPart(stack: unknown, parts: Parts, random: Random): void {
  const place = pick(holders(stack), random);
  if (place === undefined) return;
  const [key, value] = pick(parts.get(place.at) ?? [], random) ?? [];
  if (value === undefined) return;
  if (Array.isArray(place.holder)) {
    if (key === undefined) place.holder.push(structuredClone(value));
  } else if (key !== undefined) place.holder[key] = structuredClone(value);
}
