import { isDeepStrictEqual } from 'node:util';
import { compareStrings, pushTo } from '../../mesh/collections';
import { asList, asMap, asString, asStrings, isMap, same, without } from '../../mesh/json';
import { dnsLabel, labelMaxLength } from '../../mesh/manifests/formats';
import { apiGroup, defined, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { destinationRules, virtualService } from '../../mesh/manifests/routes';
import type { RouteSettings, VersionSettings, Weights } from '../../mesh/manifests/settings';
import { splitOf } from '../../mesh/manifests/weights';
import { resolveHost, isWildcard } from '../../mesh/model/hosts';
import { servicePlace } from '../../mesh/model/externals';
import { pulumiConfigValue } from '../../config/pulumi-config-values';
import { route as routeSchema } from '../../config/schema/routes';
import { comparable } from './comparable';

/** The route of one service in the stack file, and the objects that it makes. */
export interface FramedRoute {
  namespace: string;
  /** Key of the service. */
  key: string;
  settings: RouteSettings;
  objects: KubernetesObject[];
}

export interface FramedRoutes {
  routes: FramedRoute[];
  /** Objects that no route can make, and why. */
  verbatim: { object: KubernetesObject; why: string }[];
}

const networking = 'networking.istio.io';
const defaultApiVersion = `${networking}/v1`;

export function isVirtualService({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'VirtualService' && apiGroup(apiVersion) === networking;
}

export function isDestinationRule({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'DestinationRule' && apiGroup(apiVersion) === networking;
}

/**
 * VirtualServices and DestinationRules as routes: those of one service joined, however its host is spelled. Every route makes exactly the objects that it is for; what
 * no route can make is verbatim. The order of the objects makes no difference.
 * @param taken - keys that a namespace has already
 */
export function framedRoutes(
  objects: readonly KubernetesObject[],
  domain: string,
  taken: (namespace: string) => readonly string[] = () => [],
): FramedRoutes {
  const byNamespace = new Map<string, KubernetesObject[]>();
  for (const object of objects) pushTo(byNamespace, object.metadata.namespace ?? '', object);
  const result: FramedRoutes = { routes: [], verbatim: [] };
  for (const [namespace, all] of [...byNamespace].sort(([a], [b]) => compareStrings(a, b))) {
    const sorted = [...all].sort((a, b) => compareStrings(a.metadata.name, b.metadata.name));
    const keyOf = keyChoice(taken(namespace));
    for (const draft of joined(namespace, sorted, domain, keyOf)) addFramed(result, namespace, draft, keyOf);
  }
  result.routes.sort((a, b) => compareStrings(a.namespace, b.namespace) || compareStrings(a.key, b.key));
  return result;
}

/** What is to become one route. */
interface Draft {
  key: string;
  routing?: KubernetesObject;
  rules: KubernetesObject[];
  /** FQDN of the service that it is about; undefined where it sends to several. */
  service?: string | undefined;
}

/** A draft as a route. Where one route cannot make all of its objects, each gets its own; what no route makes exactly is verbatim. */
function addFramed(result: FramedRoutes, namespace: string, { key, routing, rules }: Draft, keyOf: KeyChoice): void {
  const settings = exactSettings(namespace, key, routing, rules);
  const objects = [...rules, ...(routing === undefined ? [] : [routing])];
  if (settings !== undefined) {
    result.routes.push({ namespace, key, settings, objects });
    return;
  }
  const [first, ...more] = objects;
  if (first !== undefined && more.length === 0) {
    result.verbatim.push({ object: first, why: whyVerbatim(first) });
    return;
  }
  if (routing !== undefined) addFramed(result, namespace, { key, routing, rules: [] }, keyOf);
  for (const rule of rules)
    addFramed(result, namespace, { key: keyOf([asKey(rule.metadata.name)]), rules: [rule] }, keyOf);
}

const routeFields = ['exportTo', 'gateways', 'hosts', 'http', 'tcp', 'tls'];
const ruleFields = ['exportTo', 'host', 'subsets', 'trafficPolicy', 'workloadSelector'];
const httpFields = Object.keys(routeSchema.shape.http.unwrap().element.shape);

/** What of an object has no place in a route. */
function whyVerbatim({ kind, metadata, spec = {} }: KubernetesObject): string {
  const isRule = kind === 'DestinationRule';
  const fields = isRule ? ruleFields : routeFields;
  const strange = Object.keys(spec).find((field) => !fields.includes(field));
  if (strange !== undefined) return `routes have no field spec.${strange}`;
  if (Object.keys(metadata).some((key) => !['name', 'namespace', 'labels', 'annotations'].includes(key)))
    return 'routes have no finalizers';
  for (const [index, rule] of asList(spec['http']).map(asMap).entries()) {
    const unknown = Object.keys(rule).find((field) => !httpFields.includes(field));
    if (unknown !== undefined) return `routes have no field spec.http[${index}].${unknown}`;
    if (!answersItself(rule)) return `spec.http[${index}] has no destination`;
  }
  return isRule ? 'its subsets have a form that versions cannot have' : 'its rules have a form that routes cannot have';
}

/** The first wish that is free, else the last one with a number. */
type KeyChoice = (wishes: readonly string[]) => string;

function keyChoice(reserved: readonly string[]): KeyChoice {
  const taken = new Set(reserved);
  return (wishes) => {
    const last = wishes.at(-1) ?? 'route';
    let key = wishes.find((wish) => !taken.has(wish));
    for (let number = 2; key === undefined; number++) if (!taken.has(`${last}-${number}`)) key = `${last}-${number}`;
    taken.add(key);
    return key;
  };
}

/** Which objects belong together, and under which key. */
function joined(namespace: string, objects: readonly KubernetesObject[], domain: string, keyOf: KeyChoice): Draft[] {
  const fqdn = (host: string): string => resolveHost(host, namespace, domain);
  const routings = objects.filter(isVirtualService).map((object) => {
    const service = serviceOf(object, fqdn);
    const short = service === undefined ? undefined : shortName(service, domain);
    const own = asKey(object.metadata.name);
    const isOwnHost = service !== undefined && asStrings(object.spec?.['hosts']).map(fqdn).includes(service);
    const rank = isOwnHost ? 0 : short === own ? 1 : short === undefined ? 3 : 2;
    return { object, service, rank, wishes: short === undefined ? [own] : [short, own] };
  });
  routings.sort((a, b) => a.rank - b.rank);
  const drafts: Draft[] = routings.map(({ object, service, wishes }) => ({
    key: keyOf(wishes),
    routing: object,
    rules: [],
    service,
  }));
  const rulesByHost = new Map<string, KubernetesObject[]>();
  for (const rule of objects.filter(isDestinationRule))
    pushTo(rulesByHost, fqdn(asString(rule.spec?.['host']) ?? ''), rule);
  for (const [service, rules] of rulesByHost) {
    const short = shortName(service, domain);
    const candidates = drafts.filter((draft) => draft.service === service && draft.rules.length === 0);
    const home = candidates.find(({ key }) => key === short) ?? candidates[0];
    const key = home?.key ?? short;
    const groups = rules.length > 1 && isOnePerVersion(rules) ? [rules] : rules.map((rule) => [rule]);
    groups.forEach((group, index) => {
      if (index === 0 && home !== undefined) home.rules = group;
      else
        drafts.push({ key: keyOf([key, ...group.map(({ metadata }) => asKey(metadata.name))]), rules: group, service });
    });
  }
  return drafts;
}

/** Rules that differ only in their names and in the one subset that each has. */
function isOnePerVersion(rules: readonly KubernetesObject[]): boolean {
  const subsets = rules.map(({ spec = {} }) => asList(spec['subsets']).map(asMap));
  const names = subsets.flatMap((own) => own.map(({ name }) => String(name)));
  const rest = rules.map(({ metadata, spec = {}, ...others }) => ({
    ...others,
    metadata: without({ ...metadata }, 'name'),
    spec: without(spec, 'subsets'),
  }));
  return (
    subsets.every((own) => own.length === 1) &&
    new Set(names).size === rules.length &&
    rest.every((one) => same(one, rest[0]))
  );
}

/** A name as the key of a service: a DNS label. */
export function asKey(name: string): string {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, labelMaxLength)
    .replace(/^-+|-+$/g, '');
  return label === '' ? 'route' : label;
}

/** Name of the Service behind an FQDN, also one of another cluster domain; of a host outside of the cluster the host itself. */
function shortName(fqdn: string, domain: string): string {
  const [, service] = /^([^.*]+)\.[^.]+\.svc(?:\.|$)/.exec(fqdn) ?? [];
  return asKey(servicePlace(fqdn, domain)?.name ?? service ?? (isWildcard(fqdn) ? `any${fqdn.slice(1)}` : fqdn));
}

interface Destination {
  host: string;
  subset?: string;
  port?: unknown;
}

interface WrittenDestination {
  destination: Destination;
  weight: unknown;
  headers: unknown;
  /** Has fields that a split does not write. */
  isStrange: boolean;
}

const lists = ['http', 'tls', 'tcp'] as const;
type Rule = Record<string, unknown>;

function rulesOf({ spec = {} }: KubernetesObject, list: (typeof lists)[number]): Rule[] {
  return asList(spec[list]).map(asMap);
}

function answersItself(rule: Rule): boolean {
  return ['route', 'redirect', 'directResponse', 'delegate'].some((key) => key in rule);
}

function written(rule: Rule): WrittenDestination[] {
  return asList(rule['route']).map((one) => {
    const { destination, weight, headers, ...others } = asMap(one);
    const { host, subset, port, ...strange } = asMap(destination);
    return {
      destination: defined({ host: asString(host) ?? '', subset: asString(subset), port }),
      weight,
      headers,
      isStrange:
        Object.keys(others).length + Object.keys(strange).length > 0 ||
        typeof host !== 'string' ||
        (subset !== undefined && (typeof subset !== 'string' || subset === '')),
    };
  });
}

/** FQDN of the service that a VirtualService is about: its only destination, or the first of the Services that it splits its requests over. */
function serviceOf(object: KubernetesObject, fqdn: (host: string) => string): string | undefined {
  const rules = destinationsOf(object);
  const services = new Set(rules.flat().map(({ destination }) => fqdn(destination.host)));
  const [only] = services;
  if (services.size <= 1) return only;
  const split = rules.find(
    (route) => new Set(route.map(({ destination }) => fqdn(destination.host))).size === services.size,
  );
  if (split === undefined) return undefined;
  const own = asStrings(object.spec?.['hosts'])
    .map(fqdn)
    .find((host) => services.has(host));
  return own ?? [...services].sort((a, b) => a.length - b.length || compareStrings(a, b))[0];
}

/** Settings that make exactly these objects; undefined when there are none. */
function exactSettings(
  namespace: string,
  key: string,
  routing: KubernetesObject | undefined,
  rules: readonly KubernetesObject[],
): RouteSettings | undefined {
  const wanted = [...rules, ...(routing === undefined ? [] : [routing])].map(comparable).sort();
  for (const settings of candidates(key, routing, rules)) {
    // As they are after a trip through the stack file, which sorts the keys of maps.
    const read = routeSchema.safeParse(pulumiConfigValue(settings));
    if (!read.success) continue;
    const routed = virtualService(namespace, key, read.data, '');
    const made = [...destinationRules(namespace, key, read.data, ''), ...(routed === undefined ? [] : [routed])];
    if (isDeepStrictEqual(made.map(({ object }) => comparable(object)).sort(), wanted)) return settings;
  }
  return undefined;
}

/** Settings that may fit, the most readable first. */
function* candidates(
  key: string,
  routing: KubernetesObject | undefined,
  rules: readonly KubernetesObject[],
): Generator<RouteSettings> {
  const host = hostOf(key, routing, rules);
  const rule = ruleSettings(key, host, rules);
  if (routing === undefined) {
    yield rule.settings;
    yield withSubsetOrder(rule);
    return;
  }
  const context = routingContext(host, routing, rule);
  for (const form of ['service', 'rules', 'verbatim'] as const) {
    const settings = routeSettings(key, routing, rule, context, form);
    if (settings === undefined) continue;
    yield settings;
    if (rule.subsets.length > 1) yield { ...settings, ...withSubsetOrder({ ...rule, settings }) };
  }
}

interface RuleSettings {
  settings: RouteSettings;
  /** Names of the subsets, in the order of the rule. */
  subsets: string[];
}

function withSubsetOrder({ settings, subsets }: RuleSettings): RouteSettings {
  return { ...settings, destinationRule: { ...settings.destinationRule, order: subsets } };
}

/** Settings for the DestinationRules of a service: one with all subsets, or one for each. */
function ruleSettings(key: string, host: string, rules: readonly KubernetesObject[]): RuleSettings {
  const [first] = rules;
  if (first === undefined) return { settings: {}, subsets: [] };
  const { metadata, spec = {}, apiVersion } = first;
  const subsets = rules.flatMap((rule) => asList(rule.spec?.['subsets']).map(asMap));
  const names = subsets.map(({ name }) => asString(name) ?? '');
  const isPerVersion =
    subsets.length > 0 && (rules.length > 1 || (subsets.length === 1 && metadata.name === `${key}.${names[0] ?? ''}`));
  const versions = subsets.map(({ name, labels, trafficPolicy, ...others }, index): [string, VersionSettings] => {
    const rule = rules[index]?.metadata.name;
    return [
      asString(name) ?? '',
      defined({
        labels: same(labels, { version: name }) ? undefined : (labels ?? {}),
        trafficPolicy,
        name: isPerVersion && rule !== `${key}.${asString(name) ?? ''}` ? rule : undefined,
        ...others,
      }) as VersionSettings,
    ];
  });
  const own = defined({
    name: isPerVersion || (metadata.name === key && subsets.length === 0) ? undefined : metadata.name,
    host: spec['host'] === host ? undefined : spec['host'],
    ...commonSettings(apiVersion, metadata),
    exportTo: nonEmpty(spec['exportTo']),
    workloadSelector: spec['workloadSelector'],
  });
  const needsRule = subsets.length === 0 && spec['trafficPolicy'] === undefined;
  const settings = defined({
    host: host === key ? undefined : host,
    versions: versionSettings(versions),
    trafficPolicy: spec['trafficPolicy'],
    destinationRule: Object.keys(own).length > 0 || needsRule ? own : undefined,
  });
  return { settings: settings as RouteSettings, subsets: names };
}

function nonEmpty(list: unknown): unknown {
  return Array.isArray(list) && list.length === 0 ? undefined : list;
}

function commonSettings(apiVersion: string, { labels, annotations }: KubernetesObject['metadata']): object {
  return { apiVersion: apiVersion === defaultApiVersion ? undefined : apiVersion, labels, annotations };
}

/** A list of names where the names say everything. */
function versionSettings(versions: readonly [string, VersionSettings][]): RouteSettings['versions'] {
  if (versions.length === 0) return undefined;
  return versions.every(([, settings]) => Object.keys(settings).length === 0)
    ? versions.map(([name]) => name)
    : Object.fromEntries(versions);
}

/** The spelling of the service's host in a VirtualService: as its hosts or its widest split have it, or as its DestinationRule has it. */
function hostOf(key: string, routing: KubernetesObject | undefined, rules: readonly KubernetesObject[]): string {
  const ruleHost = asString(rules[0]?.spec?.['host']);
  if (routing === undefined) return ruleHost ?? key;
  const written = new Set(destinationsOf(routing).flatMap((route) => route.map(({ destination }) => destination.host)));
  const isOfRule = (host: string): boolean => host.split('.')[0] === ruleHost?.split('.')[0];
  const split = widest(destinationsOf(routing)).map(({ destination }) => destination.host);
  const wishes = [
    ...(ruleHost === undefined ? [] : [ruleHost, ...[...written].filter(isOfRule)]),
    ...asStrings(routing.spec?.['hosts']),
    key,
    ...split.sort((a, b) => a.length - b.length || compareStrings(a, b)),
  ];
  return wishes.find((host) => written.has(host)) ?? ruleHost ?? key;
}

/** The destinations of each rule. */
function destinationsOf(routing: KubernetesObject): WrittenDestination[][] {
  return lists.flatMap((list) => rulesOf(routing, list)).map(written);
}

/** The destinations of the rule that has most. */
function widest(routes: readonly WrittenDestination[][]): WrittenDestination[] {
  return [...routes].sort((a, b) => b.length - a.length)[0] ?? [];
}

/** What the splits of a VirtualService have in common. */
interface RoutingContext {
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

function routingContext(host: string, routing: KubernetesObject, rule: RuleSettings): RoutingContext {
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
    // A subset that the service's DestinationRule lacks, or one of another host, is no version.
    if (!versions.has(id)) {
      if (subset !== undefined && (!isOwn || rule.subsets.length > 0)) continue;
      const name = uniqueName(subset ?? versionName(destination.host, host), settings);
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

/** `canary` for the Service `pay-canary` of `pay`; the name of the Service itself otherwise. */
function versionName(host: string, main: string): string {
  const [name = '', base = ''] = [host.split('.')[0], main.split('.')[0]];
  return asKey(name.startsWith(`${base}-`) ? name.slice(base.length + 1) : name);
}

function uniqueName(wish: string, taken: ReadonlyMap<string, unknown>): string {
  let name = wish;
  for (let number = 2; taken.has(name); number++) name = `${wish}-${number}`;
  return name;
}

/**
 * A VirtualService as settings. `service`: with a split of the whole service, which the rules share. `rules`: each rule has its own. `verbatim`: the rules as they are.
 * Undefined when the form does not suit it.
 */
function routeSettings(
  key: string,
  routing: KubernetesObject,
  rule: RuleSettings,
  context: RoutingContext,
  form: 'service' | 'rules' | 'verbatim',
): RouteSettings | undefined {
  const { metadata, spec = {}, apiVersion } = routing;
  const splits = new Map<Rule, Weights>();
  for (const list of lists) {
    for (const one of rulesOf(routing, list)) {
      const weights = form === 'verbatim' ? undefined : weightsIn(one, context);
      if (weights !== undefined) splits.set(one, weights);
    }
  }
  const http = rulesOf(routing, 'http');
  const last = http.at(-1);
  const closing = last !== undefined && Object.keys(last).length === 1 && splits.has(last) ? last : undefined;
  const shared = form !== 'service' ? undefined : closing === undefined ? [...splits.values()][0] : splits.get(closing);
  if (form === 'service' && shared === undefined) return undefined;
  // A route to several services names each of them.
  const services = new Set(
    destinationsOf(routing).flatMap((route) => route.map(({ destination }) => destination.host)),
  );
  const isBareAllowed = form === 'rules' && (services.size === 1 || splits.size > 0);
  const uses = { host: false };
  const asSettings = (one: Rule): Rule => {
    const { route, ...others } = one;
    if (route === undefined) return one;
    const weights = splits.get(one);
    if (weights !== undefined) return same(weights, shared) ? others : { ...others, weights };
    if (isBareAllowed && isBare(one, context)) {
      uses.host = true;
      return others;
    }
    return one;
  };
  const rules = Object.fromEntries(
    lists.flatMap((list) => {
      const all = rulesOf(routing, list);
      const kept = list === 'http' && form === 'service' && closing !== undefined ? all.slice(0, -1) : all;
      return kept.length === 0 ? [] : [[list, kept.map(asSettings)] as const];
    }),
  );
  const isSplit = splits.size > 0;
  const used = new Set([...splits.values()].flatMap((weights) => Object.keys(weights)));
  const versions = [...context.settings].flatMap(([name, own]): [string, VersionSettings][] => {
    if (used.has(name)) return [[name, own]];
    return rule.subsets.includes(name) ? [[name, without({ ...own }, 'headers')]] : [];
  });
  const { host } = context;
  const needsHost = isSplit || uses.host || rule.settings.trafficPolicy !== undefined || rule.subsets.length > 0;
  const order = context.order.filter((name, index) => context.order.indexOf(name) === index);
  const isInOrder = same(
    order,
    Object.keys(pulumiConfigValue(Object.fromEntries(versions)) as object).filter((name) => order.includes(name)),
  );
  const hosts = spec['hosts'] === undefined ? [] : spec['hosts'];
  const ruleOwn = rule.settings.destinationRule;
  const usesForeign = rule.subsets.length === 0 && versions.some(([, version]) => version.host === undefined);
  const own = defined({
    name: metadata.name === key ? undefined : metadata.name,
    ...commonSettings(apiVersion, metadata),
    exportTo: nonEmpty(spec['exportTo']),
  });
  const settings = defined({
    host: host === key || !(needsHost || ruleOwn !== undefined) ? undefined : host,
    port: isSplit || uses.host ? context.port : undefined,
    hosts: same(hosts, [needsHost || ruleOwn !== undefined ? host : key]) ? undefined : hosts,
    gateways: nonEmpty(spec['gateways']),
    versions: versionSettings(versions),
    order: isSplit && !isInOrder ? order : undefined,
    weights: shared,
    ...rules,
    trafficPolicy: rule.settings.trafficPolicy,
    virtualService: Object.keys(own).length > 0 ? own : undefined,
    destinationRule: ruleOwn ?? (usesForeign ? { install: false } : undefined),
  });
  return settings as RouteSettings;
}

/** The weights that make the destinations of a rule; undefined when none do. */
function weightsIn(rule: Rule, { host, port, versions, settings, order }: RoutingContext): Weights | undefined {
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

/** Whether a rule sends everything to the service itself, so that it needs no destination of its own. */
function isBare(rule: Rule, { host, port }: RoutingContext): boolean {
  const [one, ...more] = asList(rule['route']);
  const bare = { destination: defined({ host, port: port === undefined ? undefined : { number: port } }) };
  return more.length === 0 && isMap(one) && same(one, bare);
}
