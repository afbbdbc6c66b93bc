import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { changeProblems } from '../../policy/check';
import { type ChangeRule, type CheckOptions, type PulumiResource, raise, type ResourceRule } from '../../policy/rule';
import { type Finding, compareFindings } from '../../policy/finding';

/** An object as a resource of a Pulumi program; its URN is `<kind>/<name>`, unless facts say otherwise. */
export function resource(object: KubernetesObject, facts: Partial<PulumiResource> = {}): PulumiResource {
  const { apiVersion, kind, metadata } = object;
  return { urn: `${kind}/${metadata.name}`, type: `kubernetes:${apiVersion}:${kind}`, object, ...facts };
}

/** A Helm release of one of Istio's charts. */
export function release(chart: string, facts: Partial<PulumiResource> = {}): PulumiResource {
  return { urn: `Release/${chart}`, type: 'kubernetes:helm.sh/v3:Release', chart, ...facts };
}

/** A component resource. */
export function component(urn: string, facts: Partial<PulumiResource> = {}): PulumiResource {
  return { urn, type: 'meshwright:index:Routes', ...facts };
}

/** The findings of a rule on the resources of a program. */
export function judgedResources(
  rule: ResourceRule,
  resources: PulumiResource[],
  options: CheckOptions = {},
): Finding[] {
  return rule
    .check(resources, options)
    .map((violation) => raise(rule, violation, options).finding)
    .sort(compareFindings);
}

/** The findings of one rule on a change. */
export function changed(
  rule: ChangeRule,
  before: KubernetesObject[],
  after: KubernetesObject[],
  options: CheckOptions = {},
): Finding[] {
  return changeProblems(before, after, options).filter((finding) => finding.rule === rule.id);
}
