import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { nearest } from '../mesh/strings';
import { expectationOf, judgeExpectations } from '../mesh/traffic/expectations';
import type { TrafficInput } from '../mesh/traffic/stack-objects';
import { type Finding, type Level, levels, named } from './finding';
import type { CheckOptions, Raised } from './rule';
import { everyRule } from './rules';

/**
 * Annotation that waives a rule for one object: `policy.meshwright.io/waive.<rule id>: "<reason>"`. The value is the
 * reason, so every waiver has one.
 */
export const waiverPrefix = 'policy.meshwright.io/waive.';

/** A finding that its object's annotation waives. */
export interface WaivedFinding extends Finding {
  /** The value of the annotation. */
  reason: string;
}

/** Separates findings that an annotation on their object waives from the others. */
export function applyWaivers(raised: readonly Raised[]): { standing: Finding[]; waived: WaivedFinding[] } {
  const standing: Finding[] = [];
  const waived: WaivedFinding[] = [];
  for (const { finding, object } of raised) {
    const reason = object && annotations(object)[`${waiverPrefix}${finding.rule}`];
    if (isReason(reason)) waived.push({ ...finding, reason: reason.trim() });
    else standing.push(finding);
  }
  return { standing, waived };
}

/** Waivers without effect: without a reason, or of a rule that does not exist. */
export function waiverFindings(objects: readonly KubernetesObject[]): Finding[] {
  return objects.flatMap((object) =>
    Object.entries(annotations(object)).flatMap(([key, reason]) => {
      if (!key.startsWith(waiverPrefix)) return [];
      const message = waiverProblem(key.slice(waiverPrefix.length), reason);
      if (message === undefined) return [];
      const path = `metadata.annotations[${JSON.stringify(key)}]`;
      return [{ rule: 'waiver', level: 'mandatory' as const, ...named(object), path, message }];
    }),
  );
}

/** A reason has at least one letter or digit; spaces and invisible characters do not count. */
function isReason(value: unknown): value is string {
  return typeof value === 'string' && /[\p{L}\p{N}]/u.test(value);
}

function waiverProblem(id: string, reason: unknown): string | undefined {
  if (!everyRule.some((rule) => rule.id === id))
    return `there is no rule "${id}" to waive; docs/rules.md lists them all`;
  if (isReason(reason)) return undefined;
  return `a waiver needs a reason: write why ${id} does not hold for this object as the annotation's value`;
}

function annotations(object: KubernetesObject): Record<string, unknown> {
  const value: unknown = object.metadata.annotations;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Paths of the values that are known only after deployment, by object. The values themselves are left out of the object. */
export type Unknowns = ReadonlyMap<KubernetesObject, readonly string[]>;

/**
 * The findings that do not depend on an unknown value. A finding at an unknown place, above it or below it is only a
 * guess.
 */
export function withoutUndetermined(raised: readonly Raised[], unknowns: Unknowns): Raised[] {
  return raised.filter(
    ({ finding, object }) =>
      !(object === undefined ? [] : (unknowns.get(object) ?? [])).some((path) => related(path, finding.path)),
  );
}

/**
 * One finding per object with unknown values. It is mandatory if a weight may be among them, because no rule has judged
 * that weight.
 */
export function undeterminedFindings(unknowns: Unknowns): Finding[] {
  return [...unknowns].flatMap(([object, paths]) => {
    if (paths.length === 0) return [];
    const weights = object.kind === 'VirtualService' ? paths.filter(mayHoldWeight) : [];
    return [
      {
        rule: 'undetermined',
        level: weights.length > 0 ? ('mandatory' as const) : ('advisory' as const),
        ...named(object),
        path: weights[0] ?? paths[0] ?? '',
        message: undeterminedMessage(paths, weights.length > 0),
      },
    ];
  });
}

function undeterminedMessage(paths: readonly string[], weights: boolean): string {
  const places = `not known before deployment: ${paths.join(', ')}`;
  return weights
    ? `${places}; a weight must be known in the preview: write it as a plain number, not as an output of another resource`
    : `${places}; rules judge these values in the next preview that knows them`;
}

/** Whether two paths are the same, or one contains the other. The object as a whole ('') contains nothing here. */
function related(a: string, b: string): boolean {
  return isAtOrBelow(a, b) || isAtOrBelow(b, a);
}

/** Whether the path `inner` is `outer` or below it. The object as a whole ('') has nothing below it here. */
export function isAtOrBelow(inner: string, outer: string): boolean {
  return inner === outer || (outer !== '' && inner.startsWith(outer) && /^[.[]/.test(inner.slice(outer.length)));
}

function mayHoldWeight(path: string): boolean {
  return /^spec(\.(http|tcp|tls)(\[\d+\](\.route(\[\d+\](\.weight)?)?)?)?)?$/.test(path);
}

/** Mistakes in the options themselves: a level for an unknown rule would otherwise silently have no effect. */
export function optionFindings(options: CheckOptions): Finding[] {
  const allowed: readonly unknown[] = [...levels, 'off'];
  const ids = everyRule.map(({ id }) => id);
  return Object.entries(options.rules ?? {}).flatMap(([id, level]) => {
    const path = `rules.${id}`;
    if (!ids.includes(id)) return [optionFinding(path, unknownRule(id, ids))];
    if (allowed.includes(level)) return [];
    return [optionFinding(path, `${JSON.stringify(level)} is not a level; allowed are ${allowed.join(', ')}`)];
  });
}

function unknownRule(id: string, ids: string[]): string {
  const near = nearest(id, ids);
  return `there is no rule "${id}"${near === undefined ? '' : `; did you mean "${near}"?`}`;
}

function optionFinding(path: string, message: string): Finding {
  return { rule: 'options', level: 'mandatory', kind: 'CheckOptions', namespace: '', name: '', path, message };
}

/**
 * Tests of routing (`meshwright:expect`) that fail, or that cannot be judged. The name of a finding is the key of its
 * test, such as `expect[0]`.
 */
export function expectationFindings(input: TrafficInput, expect: unknown): Finding[] {
  if (!Array.isArray(expect)) return [expectationFinding('expect', 'mandatory', 'must be a list of tests of routing')];
  const tests = expect.map(expectationOf);
  const verdicts = judgeExpectations(
    input,
    tests.filter((test) => typeof test !== 'string'),
  );
  return tests.flatMap((test, index): Finding[] => {
    const name = `expect[${index}]`;
    if (typeof test === 'string') return [expectationFinding(name, 'mandatory', test)];
    const { result, message } = verdicts.shift() ?? { result: 'holds', message: '' };
    return result === 'holds'
      ? []
      : [expectationFinding(name, result === 'cannotTell' ? 'advisory' : 'mandatory', message)];
  });
}

function expectationFinding(name: string, level: Level, message: string): Finding {
  return { rule: 'expect', level, kind: 'Expectation', namespace: '', name, path: '', message };
}
