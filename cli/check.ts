import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { objectKey, objectTitle, defined, originOf, type KubernetesObject } from '../mesh/manifests/kubernetes';
import { renderMesh } from '../mesh/manifests/mesh';
import { mergedOptions, stackTraffic, type TrafficInput } from '../mesh/traffic';
import { checkOptions, mergeCheckOptions } from '../config/check-mesh';
import { encryptedUnknowns } from '../config/encrypted';
import { keyPath, parseKeyPath, valueAt } from '../config/key-path';
import { decodeText, readYaml } from '../config/yaml';
import { policy as policySchema, type PolicySettings } from '../config/schema/policy';
import { checkReport } from '../policy/check';
import { expectationFindings } from '../policy/engine-findings';
import { type Finding, findingSubject, type Level, named, subjectOf } from '../policy/finding';
import type { CheckOptions } from '../policy/rule';
import { rules } from '../policy/rules';
import { type ReportSource, sourced, type SourcedReport } from '../policy/report/report';
import { userError, UserError } from './errors';
import type { LoadedStack } from './input';
import { identity, type LoadedObject, type ReadInput } from './objects';

/** An object to check, and where its findings point. */
interface Judged extends LoadedObject {
  /** The key in the stack file that creates the value at a path of the object. */
  key?: (path: string) => string;
}

/**
 * Judges the objects of files and stacks together, as they will live in one cluster. Each finding names its file and
 * line, or its key in the stack file.
 * @param options - options of the checks, in addition to those of the stack files
 */
export function judge(
  input: ReadInput,
  stacks: readonly LoadedStack[],
  options: CheckOptions,
  level: Level,
): SourcedReport {
  const made = stacks.flatMap(madeBy);
  // An object in both a stack and a file counts as one object, too.
  const kept = new Map<string, Judged>([...input.objects, ...made].map((one) => [identity(one.object), one]));
  const objects = [...kept.values()];
  const repeated = [...input.repeated, ...[...input.objects, ...made].filter((one) => !objects.includes(one))];
  const secrets = input.encryptedSecrets;
  const merged = mergeCheckOptions([
    ...stacks.map(({ settings, policy }) => checkOptions(settings, policy)),
    ...(secrets.length > 0 ? [{ externals: { secrets } }] : []),
    options,
  ]);
  const judged = objects.map(({ object }) => object);
  const report = checkReport(judged, merged, { unknowns: encryptedUnknowns(judged) });
  const copies = repeated.map((copy) => ({ copy, original: kept.get(identity(copy.object)) }));
  const findings = [
    ...report.findings,
    ...copies.flatMap(({ copy, original }) => (original === undefined ? [] : repeatedFindings(copy, original, merged))),
  ];
  const places = new Map<Finding, ReportSource>();
  const traffic = trafficOf(judged, stacks, merged);
  for (const { finding, source } of stacks.flatMap((stack) => expectationsOf(stack, traffic))) {
    findings.push(finding);
    places.set(finding, source);
  }
  const fallback = stacks.length === 1 ? { file: stacks[0]?.file ?? '' } : undefined;
  const sourceOf = (finding: Finding): ReportSource | undefined =>
    places.get(finding) ?? sourceIn(objects, finding) ?? fallback;
  return sourced({ ...report, findings }, { objects: objects.length, sourceOf, level });
}

/** Everything that is judged together, as input of the routing model. */
function trafficOf(
  objects: KubernetesObject[],
  stacks: readonly LoadedStack[],
  { externals, complete }: CheckOptions,
): TrafficInput {
  const own = stacks.map(({ settings }) => stackTraffic(settings, defined({ externals, complete })));
  const known = new Set(objects.map(identity));
  // The workloads of gateways, which charts install.
  const workloads = own.flatMap((stack) => stack.objects).filter((object) => !known.has(identity(object)));
  return {
    objects: [...objects, ...workloads],
    options: mergedOptions(own),
  };
}

/** Tests of routing that fail, or that cannot be judged. */
function expectationsOf(
  { settings, source, file }: LoadedStack,
  traffic: TrafficInput,
): { finding: Finding; source: ReportSource }[] {
  return expectationFindings(traffic, settings.expect ?? []).map((finding) => {
    const keys = parseKeyPath(finding.name);
    const line = source.position?.(keys)?.line;
    return { finding, source: { file, key: keyPath(keys), ...(line === undefined ? {} : { line }) } };
  });
}

/** The objects of a stack file. */
function madeBy({ settings, source, file }: LoadedStack): Judged[] {
  const mesh = renderMesh(settings);
  return [...mesh.existingNamespaces, ...mesh.objects].map((rendered): Judged => {
    const key = (path: string): string => originOf(rendered, path);
    const line = (path: string): number => source.position?.(parseKeyPath(key(path)))?.line ?? 0;
    return { object: rendered.object, file, document: 1, line, key };
  });
}

/** Reports the copy that is not judged together with the others, and judges it alone if it differs. */
function repeatedFindings(copy: Judged, { object, file, line }: Judged, options: CheckOptions): Finding[] {
  const isSame = isDeepStrictEqual(copy.object, object);
  const place = [file, line('') || undefined].filter((part) => part !== undefined).join(':');
  const other = [copy.file, copy.line('') || undefined].filter((part) => part !== undefined).join(':');
  const message = `${objectTitle(object)} is given twice, in ${other} and in ${place}${
    isSame
      ? ', with the same content'
      : ', with different content; the latter is judged together with the other objects'
  }; keep one of them`;
  const twice: Finding = { rule: 'repeated-object', level: 'advisory', ...named(object), path: '', message };
  if (isSame) return [twice];
  const alone = checkReport([copy.object], options, { rules: rules.filter(({ single }) => single) });
  return [twice, ...alone.findings.map((finding) => ({ ...finding, message: `${finding.message} (in ${other})` }))];
}

/** Findings do not name an API group. If two groups have the same kind, the object with the path is meant. */
function sourceIn(objects: readonly Judged[], finding: Finding): ReportSource | undefined {
  const subject = findingSubject(finding);
  const named = objects.filter(({ object }) => subjectOf(object) === subject);
  const found = named.find(({ object }) => valueAt(object, parseKeyPath(finding.path)) !== undefined) ?? named[0];
  if (found === undefined) return undefined;
  const { file, key } = found;
  const line = found.line(finding.path);
  return { file, ...(key === undefined ? {} : { key: key(finding.path) }), ...(line === 0 ? {} : { line }) };
}

/** The result of `--each` for one document: a line of JSON. */
export interface JudgedDocument extends Pick<SourcedReport, 'findings' | 'waived'> {
  file: string;
  /** From 1. */
  document: number;
  /** `apiVersion` and `kind` of the object, and its name. */
  object: string;
}

/** Judges every document alone, independent of the others. Pure. */
export function judgeEach({ all }: Pick<ReadInput, 'all'>, options: CheckOptions, level: Level): JudgedDocument[] {
  return all.map((one) => {
    const alone = { all: [one], objects: [one], repeated: [], stackFiles: [], encryptedSecrets: [] };
    const { findings, waived } = judge(alone, [], options, level);
    return { file: one.file, document: one.document, object: objectKey(one.object), findings, waived };
  });
}

/**
 * Options of the check from a YAML file, with the keys of `meshwright:policy`.
 * @throws UserError listing everything that is wrong in it.
 */
export function readOptions(file: string): PolicySettings {
  let text: string | undefined;
  try {
    text = decodeText(readFileSync(file));
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (text === undefined) throw new UserError(`${file} cannot be read: neither UTF-8 nor UTF-16`);
  const { value, problems } = readYaml(text);
  if (problems.length > 0) {
    const lines = problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
    throw userError(`${file} cannot be read:`, lines);
  }
  const parsed = policySchema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '));
  throw userError(`${file} has no valid check options:`, lines);
}
