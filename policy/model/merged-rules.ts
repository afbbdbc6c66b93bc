import type { MeshModel } from '../../mesh/model/mesh-model';
import { pushTo } from '../../mesh/model/object-index';
import { hostRules, type HostRule, type WrittenSubset } from './host-rules';

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
