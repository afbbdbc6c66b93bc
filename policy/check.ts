import { pushTo } from '../mesh/collections';
import { canonical, isMap } from '../mesh/json';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { meshModel, type MeshModel } from '../mesh/model/mesh-model';
import {
  applyWaivers,
  isAtOrBelow,
  optionFindings,
  undeterminedFindings,
  type Unknowns,
  type WaivedFinding,
  waiverFindings,
  withoutUndetermined,
} from './engine-findings';
import { compareFindings, type Finding, sortedObjects } from './finding';
import { type CheckOptions, isJudgeable, modelOptions, raise, type Raised, type Rule } from './rule';
import { changeRules, rules as allRules } from './rules';

/** The result of a check, each list in the order of {@link compareFindings}. */
export interface CheckReport {
  findings: Finding[];
  /** Findings that an annotation on the object waives, with its reason. */
  waived: WaivedFinding[];
  /**
   * Findings about values that are known only after deployment, and so cannot be judged yet. Mandatory where a weight
   * is unknown.
   */
  undetermined: Finding[];
}

/** How a caller narrows a check. Config and components need none of it. */
export interface CheckScope {
  /** The rules to run. Default to all. */
  rules?: readonly Rule[];
  /** Values that a preview does not know yet. Default to none. */
  unknowns?: Unknowns;
}

/**
 * Judges objects that will live in one cluster. Pure: the same objects give the same findings, in any order. Never
 * throws: a rule that crashes on an object gives the mandatory finding `rule-failed`, so that nothing passes unchecked.
 */
export function check(objects: readonly KubernetesObject[], options: CheckOptions = {}): Finding[] {
  return checkReport(objects, options).findings;
}

/** {@link check}, together with what was waived and what could not be judged. */
export function checkReport(
  objects: readonly KubernetesObject[],
  options: CheckOptions = {},
  { rules = allRules, unknowns = new Map() }: CheckScope = {},
): CheckReport {
  const subjects = distinct(sortedObjects(objects.flatMap(listItems).filter(isJudgeable).map(withName)));
  const model = meshModel(subjects, modelOptions(options));
  const raised = rules
    .filter((rule) => options.rules?.[rule.id] !== 'off')
    .flatMap((rule) => raisedBy(rule, model, options));
  const { standing, waived } = applyWaivers(withoutRepeated(withoutUndetermined(raised, unknowns), rules));
  return {
    findings: ordered([...standing, ...waiverFindings(subjects), ...optionFindings(options)]),
    waived: ordered(waived),
    undetermined: ordered(undeterminedFindings(unknowns)),
  };
}

/** The items of an object of kind List, which kubectl applies one by one; any other value is itself. */
function listItems(value: unknown): unknown[] {
  if (!isMap(value) || value['apiVersion'] !== 'v1' || value['kind'] !== 'List' || !Array.isArray(value['items']))
    return [value];
  return value['items'].flatMap(listItems);
}

/** An object whose name the API server generates, with a stand-in for the name. */
function withName(object: KubernetesObject): KubernetesObject {
  const { name, generateName } = object.metadata as { name?: unknown; generateName?: unknown };
  if (name !== undefined || typeof generateName !== 'string' || generateName === '') return object;
  return { ...object, metadata: { ...object.metadata, name: `${generateName}*` } };
}

/** Removes exact repetitions, such as one object in two files. They are neighbours, because the objects are sorted. */
function distinct(sorted: readonly KubernetesObject[]): KubernetesObject[] {
  return sorted.filter((object, at) => {
    const before = sorted[at - 1];
    return before === undefined || before === object || !isSame(before, object);
  });
}

function isSame(a: KubernetesObject, b: KubernetesObject): boolean {
  return a.kind === b.kind && a.metadata.name === b.metadata.name && canonical(a) === canonical(b);
}

function raisedBy(rule: Rule, model: MeshModel, options: CheckOptions): Raised[] {
  try {
    return rule.check(model, options).map((violation) => raise(rule, violation, options));
  } catch (error) {
    return [{ finding: ruleFailed(rule, error), object: undefined }];
  }
}

/** Without the findings of a fallback rule where another rule reports the same place. */
function withoutRepeated(raised: readonly Raised[], rules: readonly Rule[]): Raised[] {
  const fallbacks = new Set(rules.filter(({ fallback }) => fallback === true).map(({ id }) => id));
  const own = new Map<KubernetesObject, string[]>();
  for (const { finding, object } of raised)
    if (object !== undefined && !fallbacks.has(finding.rule)) pushTo(own, object, finding.path);
  return raised.filter(
    ({ finding, object }) =>
      !fallbacks.has(finding.rule) ||
      object === undefined ||
      own.get(object)?.some((path) => isAtOrBelow(path, finding.path) || isAtOrBelow(finding.path, path)) !== true,
  );
}

function ruleFailed(rule: Rule, error: unknown): Finding {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    rule: 'rule-failed',
    level: 'mandatory',
    kind: 'Rule',
    namespace: '',
    name: rule.id,
    path: '',
    message: `the rule crashed: ${reason}. Please report it; until then turn it off with rules: {${rule.id}: off}`,
  };
}

function ordered<T extends Finding>(findings: T[]): T[] {
  const sorted = [...findings].sort(compareFindings);
  return sorted.filter((finding, index) => {
    const before = sorted[index - 1];
    return before === undefined || compareFindings(before, finding) !== 0;
  });
}

/**
 * What is wrong with changing one state into another in one update, even if each state is valid. Both lists may hold
 * only part of a mesh, even a single object. Objects in neither list are assumed not to change.
 * Pure, never throws for lack of a field, and does not depend on the order of objects.
 * @param before - the objects as they were deployed last; none for a first deployment, which is not judged
 * @param after - the objects after the update
 */
export function changeProblems(
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  options: CheckOptions = {},
): Finding[] {
  const [old, next] = [before, after].map((objects) =>
    meshModel(sortedObjects(objects.filter(isJudgeable)), options.mesh),
  );
  if (old === undefined || next === undefined) return [];
  const raised = changeRules
    .filter(({ id }) => options.rules?.[id] !== 'off')
    .flatMap((rule) => rule.check(old, next, options).map((violation) => raise(rule, violation, options)));
  return applyWaivers(raised).standing.sort(compareFindings);
}
