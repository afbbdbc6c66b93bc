import { asList, asMap, isMap, same } from '../../../mesh/json';
import { dnsLabel } from '../../../mesh/manifests/formats';
import { defined, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { VersionSettings, Weights } from '../../../mesh/manifests/settings';
import { splitOf } from '../../../mesh/manifests/weights';
import { pulumiConfigValue } from '../../../config/pulumi-config-values';
import { asKey, type Destination, destinationsOf, type Rule, widest, written } from './pairs';
import type { RuleSettings } from './rule-settings';

/** Host, port and versions that the splits of a VirtualService share. */
export interface RoutingContext {
  host: string;
  port: unknown;
  /** Versions by destination: `host subset`. */
  versions: Map<string, string>;
  settings: Map<string, VersionSettings>;
  order: string[];
}

function destinationKey({ host, subset = '' }: Destination): string {
  return `${host} ${subset}`;
}

export function routingContext(host: string, routing: KubernetesObject, rule: RuleSettings): RoutingContext {
  const routes = destinationsOf(routing);
  const most = widest(routes);
  const splitHosts = new Set(most.map(({ destination }) => destination.host));
  const first = most.find(({ destination }) => destination.host === host) ?? most[0];
  const port = asMap(first?.destination.port)['number'];
  const settings = new Map<string, VersionSettings>();
  const versions = new Map<string, string>();
  const listed = rule.settings.versions ?? [];
  for (const [name, own] of Array.isArray(listed)
    ? listed.map((name): [string, VersionSettings] => [name, {}])
    : Object.entries(listed)) {
    settings.set(name, own);
    versions.set(destinationKey({ host, subset: name }), name);
  }
  for (const { destination, headers } of routes.filter((route) => route.length > 1 || splitHosts.size <= 1).flat()) {
    const { subset } = destination;
    if (subset === undefined && splitHosts.size < 2) continue;
    const id = destinationKey(destination);
    const isOwn = destination.host === host && subset !== undefined;
    // Only subsets of the service's own DestinationRule are versions.
    if (!versions.has(id)) {
      if (subset !== undefined && (!isOwn || rule.subsets.length > 0)) continue;
      const name = uniqueName(subset ?? versionName(destination.host, host, [...splitHosts]), settings);
      versions.set(id, name);
      settings.set(name, isOwn ? {} : { host: destination.host });
    }
    const name = versions.get(id) ?? '';
    const known = settings.get(name) ?? {};
    if (headers !== undefined && known.headers === undefined)
      settings.set(name, { ...known, headers } as VersionSettings);
  }
  const order = most.flatMap(({ destination }) => versions.get(destinationKey(destination)) ?? []);
  return { host, port, versions, settings, order };
}

/** `canary` for the Service `pay-canary` beside `pay`, or beside `pay-stable`; the name of the Service itself otherwise. */
function versionName(host: string, main: string, all: readonly string[]): string {
  const [name = '', base = ''] = [host, main].map((one) => one.split('.')[0]);
  if (name.startsWith(`${base}-`)) return asKey(name.slice(base.length + 1));
  const names = all.map((one) => one.split('.')[0] ?? '');
  const stem = `${name.slice(0, name.lastIndexOf('-'))}-`;
  return asKey(stem.length > 1 && names.every((one) => one.startsWith(stem)) ? name.slice(stem.length) : name);
}

function uniqueName(wish: string, taken: ReadonlyMap<string, unknown>): string {
  let name = wish;
  for (let number = 2; taken.has(name); number++) name = `${wish}-${number}`;
  return name;
}

/** The weights that make the destinations of a rule; undefined if there are none. */
export function weightsIn(rule: Rule, { host, port, versions, settings, order }: RoutingContext): Weights | undefined {
  const route = written(rule);
  if (route.length === 0) return undefined;
  const parts: [string, unknown][] = [];
  for (const { destination, weight, headers, isStrange } of route) {
    const version = versions.get(destinationKey(destination));
    if (version === undefined || !dnsLabel.test(version) || isStrange) return undefined;
    if (!same(destination.port ?? null, port === undefined ? null : { number: port })) return undefined;
    const own = settings.get(version);
    if (!same(headers ?? null, own?.headers ?? null) || destination.host !== (own?.host ?? host)) return undefined;
    parts.push([version, weight]);
  }
  const [first = '', only] = parts[0] ?? [];
  if (parts.length === 1 && only === undefined) return { [first]: 'rest' };
  const isWhole = parts.every(([, weight]) => Number.isInteger(weight) && (weight as number) >= 0);
  const sum = parts.reduce((total, [, weight]) => total + (weight as number), 0);
  if (!isWhole || sum !== 100 || new Set(parts.map(([name]) => name)).size < parts.length) return undefined;
  const most = Math.max(...parts.map(([, weight]) => weight as number));
  const rest = parts.length === 1 ? undefined : parts.find(([, weight]) => weight === most)?.[0];
  const weights = Object.fromEntries(
    parts.map(([name, weight]) => [name, name === rest ? 'rest' : (weight as number)] as const),
  );
  // The order of the destinations is part of the object.
  const made = splitOf({ order }, pulumiConfigValue(weights) as Weights);
  return same(
    made.map(([name]) => name),
    parts.map(([name]) => name),
  )
    ? weights
    : undefined;
}

/** Whether a rule sends all requests to the service without a subset, so that its settings need no destination. */
export function isBare(rule: Rule, { host, port }: RoutingContext): boolean {
  const [one, ...more] = asList(rule['route']);
  const bare = { destination: defined({ host, port: port === undefined ? undefined : { number: port } }) };
  return more.length === 0 && isMap(one) && same(one, bare);
}
