import { compareStrings, pushTo } from '../../../mesh/collections';
import { asList, asMap, asString, asStrings, same, without } from '../../../mesh/json';
import { labelMaxLength } from '../../../mesh/manifests/formats';
import { apiGroup, defined, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { servicePlace } from '../../../mesh/model/externals';
import { isWildcard, resolveHost } from '../../../mesh/model/hosts';

const networking = 'networking.istio.io';

export function isVirtualService({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'VirtualService' && apiGroup(apiVersion) === networking;
}

export function isDestinationRule({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'DestinationRule' && apiGroup(apiVersion) === networking;
}

/** The objects of one route. */
export interface Draft {
  key: string;
  routing?: KubernetesObject;
  rules: KubernetesObject[];
  /** FQDN of its service; undefined for several destinations. */
  service?: string | undefined;
}

/** Returns the first of some keys that is free, or the last one with a number. */
export type KeyChoice = (wishes: readonly string[]) => string;

export function keyChoice(reserved: readonly string[]): KeyChoice {
  const taken = new Set(reserved);
  return (wishes) => {
    const last = wishes.at(-1) ?? 'route';
    let key = wishes.find((wish) => !taken.has(wish));
    for (let number = 2; key === undefined; number++) if (!taken.has(`${last}-${number}`)) key = `${last}-${number}`;
    taken.add(key);
    return key;
  };
}

/** Groups the objects of each service, and chooses its key. */
export function joined(
  namespace: string,
  objects: readonly KubernetesObject[],
  domain: string,
  keyOf: KeyChoice,
): Draft[] {
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

/** Whether the rules have one subset each, and otherwise differ only in their names. */
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

/** Name of a Service by its FQDN, in any cluster domain; other hosts are returned unchanged. */
function shortName(fqdn: string, domain: string): string {
  const [, service] = /^([^.*]+)\.[^.]+\.svc(?:\.|$)/.exec(fqdn) ?? [];
  return asKey(servicePlace(fqdn, domain)?.name ?? service ?? (isWildcard(fqdn) ? `any${fqdn.slice(1)}` : fqdn));
}

export interface Destination {
  host: string;
  subset?: string;
  port?: unknown;
}

export interface WrittenDestination {
  destination: Destination;
  weight: unknown;
  headers: unknown;
  /** Whether it has fields that a split does not write. */
  isStrange: boolean;
}

export const lists = ['http', 'tls', 'tcp'] as const;
export type Rule = Record<string, unknown>;

export function rulesOf({ spec = {} }: KubernetesObject, list: (typeof lists)[number]): Rule[] {
  return asList(spec[list]).map(asMap);
}

export function answersItself(rule: Rule): boolean {
  return ['route', 'redirect', 'directResponse', 'delegate'].some((key) => key in rule);
}

export function written(rule: Rule): WrittenDestination[] {
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

/** FQDN of a VirtualService's service: its only destination, or the first of the Services in its split. */
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

/** The destinations of each rule. */
export function destinationsOf(routing: KubernetesObject): WrittenDestination[][] {
  return lists.flatMap((list) => rulesOf(routing, list)).map(written);
}

/** The destinations of the rule with the most destinations. */
export function widest(routes: readonly WrittenDestination[][]): WrittenDestination[] {
  return [...routes].sort((a, b) => b.length - a.length)[0] ?? [];
}
