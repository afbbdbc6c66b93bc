import { renderMesh, type Mesh } from '../mesh/manifests/mesh';
import { originOf, type Rendered } from '../mesh/manifests/kubernetes';
import type { StackSettings } from '../mesh/manifests/settings';
import { judgeExpectations } from '../mesh/traffic/expectations';
import { stackTraffic } from '../mesh/traffic/stack-objects';
import { checkReport, type CheckScope } from '../policy/check';
import { findingSubject, subjectOf, type Finding } from '../policy/finding';
import { rules } from '../policy/rules';
import { checkOptions } from './check-options';
import { encryptedUnknowns } from './encrypted';
import { covers, parseKeyPath, valueAt, type Key } from './key-path';
import type { Refused, Settings } from './parse';
import { type Problem, type Source, voiced } from './problem';
import { stackAdvice } from './rules';
import type { PolicySettings } from './schema/policy';

export interface MeshCheck {
  /** Mandatory findings, by the key in the stack file that makes the object. */
  problems: Problem[];
  /** Advisory findings, and advice on the stack file itself. */
  warnings: Problem[];
  mesh: Mesh;
}

/** Renders the mesh and judges its objects together, as they will live in one cluster. Pure. */
export function checkMesh(settings: StackSettings, policy: PolicySettings = {}, source: Source = {}): MeshCheck {
  const mesh = renderMesh(settings);
  const findings = [...judged({ settings, policy }, mesh, source), ...expectations(settings, policy, source)];
  const advice = stackAdvice.flatMap((rule) => rule({ ...settings, policy }));
  return {
    problems: ofLevel('mandatory', findings),
    warnings: [...advice.map((problem) => voiced(problem, settings, source)), ...ofLevel('advisory', findings)],
    mesh,
  };
}

/**
 * All problems of a refused stack: those of its settings, and findings on the objects that these settings do not affect. Only rules that judge an object alone run, since the
 * others would miss the refused parts.
 */
export function allProblems({ problems, sound }: Refused, source: Source = {}): Problem[] {
  const places = problems.map(({ path }) => parseKeyPath(path));
  const mesh = renderMesh(sound.settings);
  const untouched = ({ origin }: Rendered): boolean =>
    !places.some((place) => covers(place, [...parseKeyPath(origin), '**']));
  const rest = { ...mesh, existingNamespaces: [], objects: mesh.objects.filter(untouched) };
  const findings = judged(sound, rest, source, { rules: rules.filter(({ single }) => single) });
  return [...problems, ...ofLevel('mandatory', findings)];
}

interface Judged {
  level: Finding['level'];
  problem: Problem;
}

function judged({ settings, policy }: Settings, mesh: Mesh, source: Source, scope?: CheckScope): Judged[] {
  const made = [...mesh.existingNamespaces, ...mesh.objects];
  const sections = { ...settings, policy };
  const objects = made.map(({ object }) => object);
  const { findings } = checkReport(objects, checkOptions(settings, policy), {
    ...scope,
    unknowns: encryptedUnknowns(objects),
  });
  // Of two objects with one name, the first wins.
  const makers = new Map(made.toReversed().map((rendered) => [subjectOf(rendered.object), rendered]));
  return findings.map((finding) => {
    const keys = keysOf(finding, makers, sections);
    const secret = source.secretSections?.has(String(keys[0])) === true;
    const message = `${secret ? hidden : finding.message} (${finding.rule})`;
    return {
      level: finding.level,
      problem: voiced({ keys, message }, scalarAt(sections, keys) ? sections : {}, source),
    };
  });
}

/** Judges the tests of routing in the stack file. One that depends on something outside the stack is only advisory. */
function expectations(settings: StackSettings, policy: PolicySettings, source: Source): Judged[] {
  const verdicts = judgeExpectations(stackTraffic(settings, policy), settings.expect ?? []);
  return verdicts.flatMap(({ result, message }, index) => {
    if (result === 'holds') return [];
    const problem = voiced({ keys: ['expect', index], message: `${message} (expect)` }, {}, source);
    return [{ level: result === 'cannotTell' ? 'advisory' : 'mandatory', problem }];
  });
}

/** Whether the value fits in one line. A finding quotes the relevant part of a larger value. */
function scalarAt(sections: unknown, keys: Key[]): boolean {
  return typeof valueAt(sections, keys) !== 'object';
}

/** Replaces the message of a finding that may quote a secret. */
const hidden =
  'the message is hidden, because this section holds secrets; `meshwright check` cannot decrypt them and shows the message';

/**
 * Keys in the stack file that a finding is about: those that create the object, continued by the path in the object as
 * far as the file has it.
 */
function keysOf(finding: Finding, makers: ReadonlyMap<string, Rendered>, sections: unknown): Key[] {
  const { kind, path } = finding;
  if (kind === 'CheckOptions') return ['policy', ...parseKeyPath(path)];
  const rendered = makers.get(findingSubject(finding));
  if (rendered === undefined) return [];
  const origin = parseKeyPath(originOf(rendered, path));
  const below = parseKeyPath(path);
  const tails = below.map((_, start) => [...origin, ...below.slice(start)]);
  return tails.find((keys) => valueAt(sections, keys) !== undefined) ?? origin;
}

function ofLevel(wanted: Finding['level'], findings: Judged[]): Problem[] {
  return findings.filter(({ level }) => level === wanted).map(({ problem }) => problem);
}
