import { asList, asMap, asString, same } from '../../../mesh/json';
import { defined, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { RouteSettings, VersionSettings } from '../../../mesh/manifests/settings';

const defaultApiVersion = 'networking.istio.io/v1';

export interface RuleSettings {
  settings: RouteSettings;
  /** Names of the subsets, in the order of the rule. */
  subsets: string[];
}

export function withSubsetOrder({ settings, subsets }: RuleSettings): RouteSettings {
  return { ...settings, destinationRule: { ...settings.destinationRule, order: subsets } };
}

/** Settings for the DestinationRules of a service: one with all subsets, or one for each. */
export function ruleSettings(key: string, host: string, rules: readonly KubernetesObject[]): RuleSettings {
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

export function nonEmpty(list: unknown): unknown {
  return Array.isArray(list) && list.length === 0 ? undefined : list;
}

export function commonSettings(apiVersion: string, { labels, annotations }: KubernetesObject['metadata']): object {
  return { apiVersion: apiVersion === defaultApiVersion ? undefined : apiVersion, labels, annotations };
}

/** A list of names if no version has settings. */
export function versionSettings(versions: readonly [string, VersionSettings][]): RouteSettings['versions'] {
  if (versions.length === 0) return undefined;
  return versions.every(([, settings]) => Object.keys(settings).length === 0)
    ? versions.map(([name]) => name)
    : Object.fromEntries(versions);
}
