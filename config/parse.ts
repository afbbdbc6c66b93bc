import type { StackSettings } from '../mesh/manifests/settings';
import { covers, valueAt, type Key } from './key-path';
import { encryptedValue, type KeyProblem, type Problem, type Source, voiced } from './problem';
import { stackRules } from './rules/index';
import type { PolicySettings } from './schema/policy';
import type { StackFile } from './schema/stack-file';
import { shapeOf } from './shape';

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
