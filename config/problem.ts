import { defined } from '../mesh/manifests/kubernetes';
import { keyPath, valueAt, type Key } from './key-path';
import type { Source } from './source';

/** One thing that is wrong in a stack file. Plain data; {@link file://./problems.ts} words it. */
export interface Problem {
  /** Key in the stack file, e.g. `meshwright:routes.bookinfo.reviews.weights.v3`; '' for the file as a whole. */
  path: string;
  /** The value there; left out for a key that is missing. Never a secret: {@link secretValue} stands in its place. */
  value?: unknown;
  /** What is wrong, and what is allowed. */
  message: string;
  /** What to write instead, where that can be guessed. */
  hint?: string;
  /** The stack file, where there is one; `line` and `column` count from 1. */
  file?: string;
  line?: number;
  column?: number;
}

/** Stands for a value that must not be shown. */
export const secretValue = '[secret]';

/** A problem by keys, from the section down, as the schema and the rules find it. */
export interface KeyProblem {
  keys: Key[];
  message: string;
  hint?: string;
  /**
   * What the problem derives from, where that is more than the value itself: when something of it was cut out for another problem, this one may be a mere echo, and is left
   * out. In a pattern `*` stands for any key, and a last `**` for all that is below.
   */
  reads?: Key[][];
}

/**
 * A problem by keys as it is told: with the value, unless that must not be shown, and its place in the file.
 * @param sections - the values that the keys lead to
 */
export function voiced(
  { keys, message, hint }: KeyProblem,
  sections: unknown,
  { file, secretSections, position }: Source,
): Problem {
  const value = valueAt(sections, keys);
  const secret = value !== undefined && secretSections?.has(String(keys[0])) === true;
  const told = secret ? { value: secretValue, message } : { value, message, hint };
  return defined({ path: keyPath(keys), ...told, file, ...position?.(keys) });
}
