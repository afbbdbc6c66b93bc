import { objectKey } from '../mesh/manifests/kubernetes';
import { renderMesh } from '../mesh/manifests/mesh';
import { originOf, type Rendered } from '../mesh/manifests/rendered';
import { checkOptions } from '../config/check-options';
import { parseKeyPath } from '../config/key-path';
import { checkReport } from '../policy/check';
import { type Finding, findingSubject, type Level, subjectOf } from '../policy/finding';
import type { CheckOptions } from '../policy/options';
import { type Source, sourced, type SourcedReport } from '../policy/report/report';
import type { LoadedStack } from './input';
import type { LoadedObject } from './objects';
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { policy as policySchema, type PolicySettings } from '../config/schema/policy';
import { cycles } from '../config/yaml';
import { userError, UserError } from './errors';

/** Judges the objects of files together, as they are to live in one cluster. */
export function judgeFiles(loaded: readonly LoadedObject[], options: CheckOptions, level: Level): SourcedReport {
  const byName = new Map(loaded.map((one) => [subjectOf(one.object), one]));
  const sourceOf = (finding: Finding): Source | undefined => {
    const found = byName.get(findingSubject(finding));
    return found === undefined ? undefined : { file: found.file, line: found.line(finding.path) };
  };
  const report = checkReport(
    loaded.map(({ object }) => object),
    options,
  );
  return sourced(report, { objects: loaded.length, sourceOf, level });
}

/** Judges all objects that a stack file makes; each finding names the key that makes its object. */
export function judgeStack({ settings, policy, source, file }: LoadedStack, level: Level): SourcedReport {
  const mesh = renderMesh(settings);
  const made = [...mesh.existingNamespaces, ...mesh.objects];
  const byName = new Map<string, Rendered>(made.map((rendered) => [subjectOf(rendered.object), rendered]));
  const sourceOf = (finding: Finding): Source => {
    const rendered = byName.get(findingSubject(finding));
    if (rendered === undefined) return { file };
    const key = originOf(rendered, finding.path);
    const line = source.position?.(parseKeyPath(key))?.line;
    return line === undefined ? { file, key } : { file, key, line };
  };
  const report = checkReport(
    made.map(({ object }) => object),
    checkOptions(settings, policy),
  );
  return sourced(report, { objects: made.length, sourceOf, level });
}

/** What `--each` says of one document: a line of JSON. */
export interface JudgedDocument extends Pick<SourcedReport, 'findings' | 'waived'> {
  file: string;
  /** From 1. */
  document: number;
  /** `apiVersion` and `kind` of the object, and its name. */
  object: string;
}

/** Judges every document alone, as if it were all there is. Pure. */
export function judgeEach(loaded: readonly LoadedObject[], options: CheckOptions, level: Level): JudgedDocument[] {
  return loaded.map((one) => {
    const { findings, waived } = judgeFiles([one], options, level);
    return { file: one.file, document: one.document, object: objectKey(one.object), findings, waived };
  });
}

/**
 * Options of the check from a YAML file, with the keys of `meshwright:policy`.
 * @throws UserError listing everything that is wrong in it.
 */
export function readOptions(file: string): PolicySettings {
  const parsed = policySchema.safeParse(yamlOf(file));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '));
  throw userError(`${file} is no file of options, nothing was judged:`, problems);
}

function yamlOf(file: string): unknown {
  try {
    const document = parseDocument(readFileSync(file, 'utf8'));
    const [mistake] = [...document.errors, ...cycles(document)];
    if (mistake !== undefined) throw new Error(mistake.message);
    return (document.toJS() as unknown) ?? {};
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
