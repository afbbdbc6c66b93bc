import { asMap, asStringMap } from '../../mesh/json';
import type { MeshKind, MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { pushTo } from '../../mesh/collections';
import { hasLabels } from '../../mesh/model/workload-index';
import type { Violation } from '../rule';
import { formatLabels } from '../../mesh/model/endpoints';

/** Where objects of a kind have their workload selector. */
export interface SelectorField {
  /** Field of the spec. */
  field: string;
  /** Field with the labels in it. */
  labels: string;
}

interface Policy {
  object: MeshObject;
  selector: Record<string, string>;
  path: string;
}

/** The rivals of each policy, with a description of the overlap. */
type Meetings = Map<Policy, Map<Policy, string>>;

/**
 * Objects of a kind that apply to one workload on the same level, where istiod uses only one: those without a selector
 * in one namespace, and those whose selectors overlap. Selectors overlap if they are equal, if one includes the other,
 * or if a workload in the input has the labels of both. Objects with targetRefs are left out.
 */
export function rivalPolicies(model: MeshModel, kind: MeshKind, { field, labels }: SelectorField): Violation[] {
  const byNamespace = new Map<string, Policy[]>();
  for (const object of model.objects.ofKind(kind)) {
    if (object.spec['targetRefs'] !== undefined || object.spec['targetRef'] !== undefined) continue;
    const selector = asStringMap(asMap(object.spec[field])[labels]);
    pushTo(byNamespace, object.namespace, { object, selector, path: `spec.${field}` });
  }
  return [...byNamespace].flatMap(([namespace, policies]) =>
    [...meetings(model, namespace, policies)].map(([policy, rivals]) => violation(policy, rivals)),
  );
}

function meetings(model: MeshModel, namespace: string, policies: readonly Policy[]): Meetings {
  const found: Meetings = new Map();
  const meet = (together: readonly Policy[], where: string): void => {
    for (const policy of together) {
      for (const other of together) if (other !== policy) note(found, policy, other, where);
    }
  };
  const isWide = ({ selector }: Policy): boolean => Object.keys(selector).length === 0;
  meet(policies.filter(isWide), 'it has no selector and applies to the whole namespace');
  const selecting = selectorIndex(policies.filter((policy) => !isWide(policy)));
  for (const { labels, kind, name } of model.workloads.inNamespace(namespace)) {
    meet(selecting(labels), `it selects ${kind} ${name}`);
  }
  for (const policy of policies) {
    const where = `it selects workloads with ${formatLabels(policy.selector)}`;
    for (const other of selecting(policy.selector)) if (other !== policy) meet([policy, other], where);
  }
  return found;
}

/** Finds the policies that select pods with certain labels, by one label of each. */
function selectorIndex(policies: readonly Policy[]): (labels: Record<string, string>) => Policy[] {
  const byLabel = new Map<string, Policy[]>();
  for (const policy of policies) {
    const [first] = Object.entries(policy.selector).sort();
    if (first !== undefined) pushTo(byLabel, first.join('='), policy);
  }
  return (labels) =>
    Object.entries(labels)
      .flatMap((label) => byLabel.get(label.join('=')) ?? [])
      .filter(({ selector }) => hasLabels(labels, selector));
}

function note(found: Meetings, policy: Policy, other: Policy, where: string): void {
  const rivals = found.get(policy) ?? new Map<Policy, string>();
  found.set(policy, rivals);
  if (!rivals.has(other)) rivals.set(other, where);
}

function violation({ object, path }: Policy, rivals: ReadonlyMap<Policy, string>): Violation {
  const { kind, namespace } = object;
  const names = [...rivals.keys()].map((other) => other.object.name).sort();
  const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
  const [where = ''] = rivals.values();
  const message = `${where}, as ${kind} ${shown} of namespace ${namespace} ${names.length === 1 ? 'does' : 'do'} too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ`;
  return { object: object.object, path, message };
}
