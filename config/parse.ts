import type { StackSettings } from '../mesh/manifests/settings';
import { covers, type Key, valueAt } from './key-path';
import { encryptedValue, type KeyProblem, type Problem, type Source, voiced } from './problem';
import { stackRules } from './rules';
import { type IssueProblem, issueProblems, phrase } from './schema-issues';
import type { PolicySettings } from './schema/policy';
import { type StackFile, stackFile } from './schema/stack-file';

/** A valid stack file. */
export interface Settings {
  settings: StackSettings;
  policy: PolicySettings;
}

/** A stack file with problems. */
export interface Refused {
  /** Everything that is wrong, in the order of the file's sections. */
  problems: Problem[];
  /** The valid rest: it is checked for more problems, and never deployed. */
  sound: Settings;
}

/**
 * Parses raw sections (any values below `meshwright:<section>`) into settings, or returns all problems. Pure; never
 * throws.
 */
export function parseStack(sections: unknown, source: Source = {}): Settings | Refused {
  const { problems, sound, cuts } = shapeOf(sections);
  const found = unique([...problems, ...ruleProblems(sound, cuts)]);
  if (found.length === 0) return split(sound);
  return { problems: found.map((problem) => voiced(problem, sections, source)), sound: split(sound) };
}

/** Problems that the rules find in the valid part, without those that only exist because a part was removed. */
function ruleProblems(sound: StackFile, cuts: Key[][]): KeyProblem[] {
  return (
    stackRules
      .flatMap((rule) => rule(sound))
      .filter(({ reads = [] }) => !reads.some((pattern) => cuts.some((gone) => covers(gone, pattern))))
      // Of an encrypted value nothing is known.
      .filter(({ keys }) => valueAt(sound, keys) !== encryptedValue)
  );
}

function split({ policy, ...settings }: StackFile): Settings {
  return { settings, policy: policy ?? {} };
}

function unique(problems: KeyProblem[]): KeyProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify([problem.keys, problem.message]), problem])).values()];
}

export interface Shape {
  problems: KeyProblem[];
  /** The sections without the invalid parts, so that the rules can check the rest. */
  sound: StackFile;
  /** Keys of the removed parts, and keys that were probably meant. */
  cuts: Key[][];
}

/** Checks raw sections against the schema. */
export function shapeOf(sections: unknown): Shape {
  const first = stackFile.safeParse(sections, { error: phrase });
  const issues = first.error?.issues ?? [];
  const found = [...prototypeKeys(sections), ...issues.flatMap((issue) => issueProblems(issue, stackFile, sections))];
  if (first.success && found.length === 0) return { problems: [], sound: first.data, cuts: [] };
  const { sound, cuts } = cutOut(sections, found);
  const meant = found.flatMap((problem) => (problem.meant === undefined ? [] : [problem.meant]));
  return { problems: found.map(({ problem }) => problem), sound, cuts: [...cuts, ...meant] };
}

/**
 * Removes invalid parts until the rest is valid: the parent of a removed part may require it, and is then removed too.
 */
function cutOut(sections: unknown, found: IssueProblem[]): Pick<Shape, 'sound' | 'cuts'> {
  const rest = structuredClone(sections);
  const cuts: Key[][] = [];
  for (let next = found; ;) {
    const done = next.map(({ cut }) => removeValue(rest, cut));
    if (done.some((keys) => keys.length === 0)) return { sound: {}, cuts: [[]] };
    cuts.push(...done);
    const again = stackFile.safeParse(rest);
    if (again.success) return { sound: again.data, cuts };
    next = again.error.issues.flatMap((issue) => issueProblems(issue, stackFile, rest));
  }
}

/** The one key that JavaScript objects treat specially; zod skips it. */
function prototypeKeys(value: unknown, keys: Key[] = []): IssueProblem[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => {
    const place = [...keys, Array.isArray(value) ? Number(key) : key];
    if (key === '__proto__') return [{ problem: { keys: place, message: 'cannot be a key' }, cut: place }];
    return prototypeKeys(valueAt(value, [key]), place);
  });
}

/**
 * Removes the value at `keys`. Removes its parent instead if the value is missing, or is an item of a list, whose other
 * items must keep their indices. Returns the keys of what was removed.
 */
export function removeValue(root: unknown, keys: Key[]): Key[] {
  const key = keys.at(-1);
  if (key === undefined) return [];
  const above = keys.slice(0, -1);
  const parent = valueAt(root, above);
  const isMap = typeof parent === 'object' && parent !== null && !Array.isArray(parent);
  if (!isMap || !Object.hasOwn(parent, key)) return removeValue(root, above);
  Reflect.deleteProperty(parent, key);
  return keys;
}
