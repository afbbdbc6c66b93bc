import { compareStrings } from '../../../mesh/collections';
import { asList, asMap, asString, asStrings } from '../../../mesh/json';
import { defined, type KubernetesObject } from '../../../mesh/manifests/kubernetes';

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
export function serviceOf(object: KubernetesObject, fqdn: (host: string) => string): string | undefined {
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
