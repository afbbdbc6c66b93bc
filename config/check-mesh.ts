import { renderMesh, type Mesh } from '../components/manifests/mesh';
import { originOf, type Rendered } from '../components/manifests/rendered';
import type { StackSettings } from '../components/manifests/settings';
import { checkReport, type CheckScope } from '../policy/check';
import type { Finding } from '../policy/finding';
import type { CheckOptions } from '../policy/options';
import { rules } from '../policy/rules';
import { covers, keyPath, parseKeyPath } from './key-path';
import type { Refused } from './parse';
import type { Problem } from './problem';
import { placed, type Source } from './source';

/** Stands for the message of a finding that may quote a secret. */
const hidden =
  'the section holds secrets, so what is wrong is not shown here: ask `meshwright check --config FILE`, which cannot read them';

export interface MeshCheck {
  /** Mandatory findings, by the key in the stack file that makes the object. */
  problems: Problem[];
  /** Advisory ones. */
  warnings: Problem[];
  mesh: Mesh;
}

/** Renders the mesh and judges its objects together, as they are to live in one cluster. Pure. */
export function checkMesh(settings: StackSettings, options: CheckOptions = {}, source: Source = {}): MeshCheck {
  const mesh = renderMesh(settings);
  const told = findingProblems(mesh, options, source);
  return {
    problems: told.filter(({ level }) => level === 'mandatory').map(({ problem }) => problem),
    warnings: told.filter(({ level }) => level === 'advisory').map(({ problem }) => problem),
    mesh,
  };
}

/**
 * All problems of a refused stack: its own, and what the check finds in objects that none of them touches. Only rules that judge an object alone are asked, for the
 * others would miss what was refused.
 */
export function allProblems({ problems, sound }: Refused, source: Source = {}): Problem[] {
  const places = problems.map(({ path }) => parseKeyPath(path));
  const mesh = renderMesh(sound.settings);
  const untouched = ({ origin }: Rendered): boolean => {
    const keys = [...parseKeyPath(origin), '**'];
    return !places.some((place) => covers(place, keys));
  };
  const alone = { ...mesh, objects: mesh.objects.filter(untouched), existingNamespaces: [] };
  const told = findingProblems(alone, sound.policy, source, { rules: rules.filter(({ single }) => single) });
  return [...problems, ...told.filter(({ level }) => level === 'mandatory').map(({ problem }) => problem)];
}

function findingProblems(
  mesh: Mesh,
  options: CheckOptions,
  source: Source,
  scope?: CheckScope,
): { level: Finding['level']; problem: Problem }[] {
  const made = [...mesh.existingNamespaces, ...mesh.objects];
  const { findings } = checkReport(
    made.map(({ object }) => object),
    options,
    scope,
  );
  return findings.map((finding) => ({ level: finding.level, problem: findingProblem(finding, made, source) }));
}

function findingProblem(
  { kind, namespace, name, path, message, rule }: Finding,
  made: Rendered[],
  source: Source,
): Problem {
  const rendered = made.find(
    ({ object }) =>
      kind === object.kind && name === object.metadata.name && namespace === (object.metadata.namespace ?? ''),
  );
  const keys = rendered === undefined ? ['policy'] : parseKeyPath(originOf(rendered, path));
  const secret = source.secretSections?.has(String(keys[0])) === true;
  return placed({ path: keyPath(keys), message: `${secret ? hidden : message} (${rule})` }, keys, source);
}
