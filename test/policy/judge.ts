import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { checkReport } from '../../policy/check';
import type { Finding } from '../../policy/finding';
import type { CheckOptions, Rule } from '../../policy/rule';

/** The documents of a YAML string. */
export function objects(yaml: string): KubernetesObject[] {
  return parseAllDocuments(yaml).map((document) => document.toJS() as KubernetesObject);
}

/** The findings of one rule on YAML documents. */
export function judge(rule: Rule, yaml: string, options: CheckOptions = {}): Finding[] {
  return checkReport(objects(yaml), options, { rules: [rule] }).findings;
}
