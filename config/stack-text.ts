import { isMap } from '../mesh/json';
import { defined } from '../mesh/manifests/kubernetes';
import { nearest } from '../mesh/strings';
import { allProblems } from './check-mesh';
import { configNamespace, type Key, keyPath } from './key-path';
import { parseStack, type Settings } from './parse';
import type { Problem, Source } from './problem';
import { pulumiConfigValue, sectionName, sectionsOf } from './pulumi-config-values';
import { readYaml } from './yaml';

/** A valid stack file. */
export interface StackTextSettings extends Settings {
  /** For {@link checkMesh}, so that its problems point into the file. */
  source: Source;
}

/** Everything that is wrong in a stack file. */
export interface StackTextProblems {
  problems: Problem[];
  /** The file cannot be read as a stack file at all. */
  isBroken: boolean;
}

/**
 * The text of a stack file to settings, or to every problem there is. Pure; never throws.
 * @param file - the file's name, for the problems
 */
export function parseStackText(text: string, file: string): StackTextSettings | StackTextProblems {
  const document = readYaml(text);
  const placed = (problem: Problem, keys: Key[]): Problem => ({ ...problem, file, ...document.position(keys) });
  const mistakes = document.problems.map(({ keys = [], message, line, column }): Problem => {
    return { path: pathInFile(keys), message, file, line, column };
  });
  if (mistakes.length > 0 && document.value === undefined) return { problems: mistakes, isBroken: true };
  const wrong = configProblem(document.value);
  if (wrong !== undefined) return { problems: [...mistakes, placed(wrong, ['config'])], isBroken: true };

  const {
    values,
    keys,
    problems: strange,
  } = sectionsOf((document.value as { config: Record<string, unknown> }).config);
  const strangers = strange.map(({ key, message }) =>
    placed({ path: pathInFile(['config', key]), message }, ['config', key]),
  );
  const sections = pulumiConfigValue(values);
  const source: Source = {
    file,
    position: ([section, ...below]) => document.position(['config', keys.get(String(section)) ?? '', ...below]),
  };
  const parsed = parseStack(sections, source);
  const problems = [...mistakes, ...strangers, ...('problems' in parsed ? allProblems(parsed, source) : [])];
  return problems.length > 0 || 'problems' in parsed
    ? { problems: inFileOrder(problems), isBroken: mistakes.length > 0 }
    : { ...parsed, source };
}

function inFileOrder(problems: Problem[]): Problem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** Why `value` is not a stack file. */
function configProblem(value: unknown): Problem | undefined {
  if (value === undefined || value === null)
    return { path: '', message: 'the file is empty; a stack file is a map with the key "config"' };
  if (!isMap(value)) return { path: '', value, message: 'a stack file is a map with the key "config"' };
  if ('runtime' in value)
    return {
      path: '',
      message: 'this is a project file; the mesh is in the stack files beside it, Pulumi.<stack>.yaml',
    };
  if (isMap(value.config)) return undefined;
  if ('config' in value)
    return { path: 'config', value: value.config, message: `must be a map of ${configNamespace}: keys` };
  const keys = Object.keys(value);
  const misplaced = keys.some((key) => key.startsWith(`${configNamespace}:`));
  const meant = keys.find((key) => nearest(key, ['config']) !== undefined);
  const hint = misplaced
    ? `put the ${configNamespace}: keys under "config:"`
    : meant === undefined
      ? undefined
      : `did you mean "config" instead of "${meant}"?`;
  return defined({ path: 'config', message: `is missing; it must be a map of ${configNamespace}: keys`, hint });
}

/** The path of any key in the file. In Meshwright's sections it is the path that `pulumi config set --path` takes. */
function pathInFile([first, second, ...rest]: Key[]): string {
  const section = first === 'config' && second !== undefined ? sectionName(String(second)) : undefined;
  if (section !== undefined) return keyPath([section, ...rest]);
  return [first, second, ...rest].filter((key) => key !== undefined).join('.');
}
