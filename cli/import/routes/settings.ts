import { isDeepStrictEqual } from 'node:util';
import { compareStrings } from '../../../mesh/collections';
import { asString, asStrings, same, without } from '../../../mesh/json';
import { defined, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { destinationRules, virtualService } from '../../../mesh/manifests/routes';
import type { RouteSettings, VersionSettings, Weights } from '../../../mesh/manifests/settings';
import { pulumiConfigValue } from '../../../config/pulumi-config-values';
import { route as routeSchema } from '../../../config/schema/routes';
import { comparable } from '../comparable';
import { destinationsOf, lists, type Rule, rulesOf, widest } from './pairs';
import {
  commonSettings,
  nonEmpty,
  ruleSettings,
  versionSettings,
  withSubsetOrder,
  type RuleSettings,
} from './rule-settings';
import { isBare, routingContext, weightsIn, type RoutingContext } from './splits';

/** Finds settings that make exactly these objects; undefined if there are none. */
export function exactSettings(
  namespace: string,
  key: string,
  routing: KubernetesObject | undefined,
  rules: readonly KubernetesObject[],
): RouteSettings | undefined {
  const wanted = [...rules, ...(routing === undefined ? [] : [routing])].map(comparable).sort();
  for (const settings of candidates(key, routing, rules)) {
    // Pulumi sorts the keys of maps.
    const read = routeSchema.safeParse(pulumiConfigValue(settings));
    if (!read.success) continue;
    const routed = virtualService(namespace, key, read.data, '');
    const made = [...destinationRules(namespace, key, read.data, ''), ...(routed === undefined ? [] : [routed])];
    if (isDeepStrictEqual(made.map(({ object }) => comparable(object)).sort(), wanted)) return settings;
  }
  return undefined;
}

/** Candidate settings, the most readable first. */
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

/** The spelling of the service's host: from the VirtualService's hosts or its widest split, or from the DestinationRule. */
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

/**
 * Converts a VirtualService to settings. `service`: its rules share the split of the service. `rules`: each rule has its own split. `verbatim`: the rules are copied.
 * Undefined if it does not have this form.
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
  // With several services, each rule must name its own.
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
  // A split that is not kept as weights may have other versions.
  const kept = new Set(versions.map(([name]) => name));
  const order = [...new Set(context.order)].filter((name) => kept.has(name));
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
