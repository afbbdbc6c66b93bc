import { pushTo } from '../../mesh/collections';
import {
  asMap,
  asName,
  asNumber,
  asString,
  asStringMap,
  asStrings,
  indexedMaps,
  isMap,
  type JsonMap,
} from '../../mesh/json';
import { isHostWithin, isWildcard } from '../../mesh/model/hosts';
import { memoizeByIdentity } from '../../mesh/model/memoize';
import { visibility, type Visibility } from '../../mesh/model/mesh-config';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';

/** A single DestinationRule, before istiod merges it with others. */
export interface HostRule {
  source: MeshObject;
  /** As FQDN; may be a wildcard. */
  host: string;
  subsets: WrittenSubset[];
  trafficPolicy: JsonMap | undefined;
  /** Undefined for all workloads. A rule for some workloads applies in its own namespace only. */
  selector: Record<string, string> | undefined;
  seenBy: Visibility;
}

export interface WrittenSubset {
  name: string;
  labels: Record<string, string>;
  trafficPolicy: JsonMap | undefined;
  /** E.g. `spec.subsets[0]`. */
  path: string;
}

/** All DestinationRules by host. */
export interface HostRules {
  all: readonly HostRule[];
  /** Rules that could apply to an FQDN somewhere: for that host, or for a wildcard that covers it. */
  around(host: string): HostRule[];
  /** Rules for exactly that host, by host. */
  byHost: ReadonlyMap<string, readonly HostRule[]>;
  /** Namespaces that have rules. */
  namespaces: ReadonlySet<string>;
}

export const hostRules = memoizeByIdentity((model: MeshModel): HostRules => {
  const all = model.objects.ofKind('DestinationRule').map((source) => hostRule(model, source));
  const byHost = new Map<string, HostRule[]>();
  for (const rule of all) pushTo(byHost, rule.host, rule);
  const wildcards = all.filter(({ host }) => isWildcard(host));
  return {
    all,
    byHost,
    namespaces: new Set(all.map(({ source }) => source.namespace)),
    around: (host) => [
      ...(isWildcard(host) ? [] : (byHost.get(host) ?? [])),
      ...wildcards.filter((rule) => isHostWithin(host, rule.host)),
    ],
  };
});

function hostRule(model: MeshModel, source: MeshObject): HostRule {
  const { spec, namespace } = source;
  const selector = isMap(spec['workloadSelector']) ? asStringMap(spec['workloadSelector']['matchLabels']) : undefined;
  return {
    source,
    host: model.resolveHost(asString(spec['host']) ?? '', namespace),
    subsets: indexedMaps(spec['subsets']).flatMap(({ at, item }) => {
      const name = asName(item['name']);
      if (name === undefined) return [];
      const trafficPolicy = isMap(item['trafficPolicy']) ? asMap(item['trafficPolicy']) : undefined;
      return [{ name, labels: asStringMap(item['labels']), trafficPolicy, path: `spec.subsets[${at}]` }];
    }),
    trafficPolicy: isMap(spec['trafficPolicy']) ? spec['trafficPolicy'] : undefined,
    selector,
    seenBy: visibility(
      selector === undefined ? asStrings(spec['exportTo']) : ['.'],
      namespace,
      model.config.defaultDestinationRuleExportTo,
    ),
  };
}

/** A subset together with the rule it is written in. */
export interface PlacedSubset extends WrittenSubset {
  rule: HostRule;
}

/** DestinationRules that istiod merges into one: of one host, in one namespace, for the same workloads. */
export interface RuleGroup {
  host: string;
  rules: HostRule[];
  /** By rule in creation order, then as written: of two with one name istiod keeps the first. */
  subsets: PlacedSubset[];
}

export function ruleGroups(model: MeshModel): RuleGroup[] {
  const groups = new Map<string, HostRule[]>();
  for (const rule of hostRules(model).all) {
    const selector = rule.selector === undefined ? null : Object.entries(rule.selector).sort();
    pushTo(groups, JSON.stringify([rule.source.namespace, rule.host, selector]), rule);
  }
  return [...groups.values()].map((rules) => ({
    host: rules[0]?.host ?? '',
    rules,
    subsets: rules.flatMap((rule) => rule.subsets.map((subset) => ({ ...subset, rule }))),
  }));
}

/** A traffic policy of a DestinationRule: of the whole host, of a port, or of a subset. */
export interface PlacedPolicy {
  policy: JsonMap;
  /** E.g. `spec.trafficPolicy.portLevelSettings[0]`. */
  path: string;
  /** The port that it applies to; undefined for all ports without their own policy. */
  port: number | undefined;
  subset: string | undefined;
}

/** Every traffic policy in a rule, at all levels. */
export function policiesOf(rule: HostRule): PlacedPolicy[] {
  const own = rule.trafficPolicy === undefined ? [] : levels(rule.trafficPolicy, 'spec.trafficPolicy', undefined);
  return [
    ...own,
    ...rule.subsets.flatMap(({ name, path, trafficPolicy }) =>
      trafficPolicy === undefined ? [] : levels(trafficPolicy, `${path}.trafficPolicy`, name),
    ),
  ];
}

function levels(policy: JsonMap, path: string, subset: string | undefined): PlacedPolicy[] {
  const ports = indexedMaps(policy['portLevelSettings']).map(({ at, item }) => ({
    policy: item,
    path: `${path}.portLevelSettings[${at}]`,
    port: asNumber(asMap(item['port'])['number']),
    subset,
  }));
  return [{ policy, path, port: undefined, subset }, ...ports];
}

/** The TLS mode that a policy states; DISABLE when it has `tls` without a mode, which is the zero value of the field. */
export function tlsMode(policy: JsonMap): string | undefined {
  return isMap(policy['tls']) ? (asName(policy['tls']['mode']) ?? 'DISABLE') : undefined;
}
