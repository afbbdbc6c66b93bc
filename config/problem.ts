import { isMap } from '../mesh/json';
import { defined } from '../mesh/manifests/kubernetes';
import { type Key, keyPath, valueAt } from './key-path';
import { nearest } from '../mesh/strings';

/** One problem of a stack file. Plain data; {@link formatProblem} puts it into words. */
export interface Problem {
  /** Key in the stack file, e.g. `meshwright:routes.bookinfo.reviews.weights.v3`; '' for the file as a whole. */
  path: string;
  /** The value there; left out for a key that is missing. Never a secret: {@link secretValue} replaces it. */
  value?: unknown;
  /** What is wrong, and what is allowed. */
  message: string;
  /** A suggestion of what to write instead. */
  hint?: string;
  /** The stack file, if the settings come from one; `line` and `column` count from 1. */
  file?: string;
  line?: number;
  column?: number;
}

/** Stands for a value that must not be shown. */
const secretValue = '[secret]';

/** Replaces an encrypted value in settings. Objects that need it are left out, so it never reaches a cluster. */
export const encryptedValue = '[encrypted: Meshwright has no key for this value]';

/** A problem by keys, from the section down, as the schema and the rules find it. */
export interface KeyProblem {
  keys: Key[];
  message: string;
  hint?: string;
  /**
   * Patterns of the keys that the problem depends on, if these are more than the value itself. If one of them was
   * removed because of another problem, this problem may be a mere consequence, and is left out. In a pattern `*`
   * matches any key, and a final `**` everything below.
   */
  reads?: Key[][];
}

/**
 * A problem in its printed form: with its place in the file, and with the value unless it is secret.
 * @param sections - the values that the keys lead to
 */
export function voiced(
  { keys, message, hint }: KeyProblem,
  sections: unknown,
  { file, secretSections, position }: Source,
): Problem {
  const found = valueAt(sections, keys);
  // The file as a whole is too long to show.
  const value = keys.length === 0 && isMap(found) ? undefined : found;
  const secret = value !== undefined && secretSections?.has(String(keys[0])) === true;
  const shown = secret ? { value: secretValue, message } : { value, message, hint };
  return defined({ path: keyPath(keys), ...shown, file, ...position?.(keys) });
}

const longestValue = 80;

/** Problems as text, one block each: place and value, then what is wrong, then what to write instead. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join('\n');
}

function formatProblem({ path, value, message, hint, file, line, column }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const subject = value === undefined ? path : `${path}: ${compact(value)}`;
  const head = [place, subject].filter((part) => part !== '').join(' ');
  return [head, ...[message, hint].filter((text) => text !== undefined).map((text) => `  ${text}`)]
    .filter((text) => text !== '')
    .join('\n');
}

function compact(value: unknown): string {
  if (value === secretValue || value === encryptedValue) return secretValue;
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length <= longestValue ? text : `${text.slice(0, longestValue - 1)}…`;
}

export interface Position {
  line: number;
  column: number;
}

/** The source of raw sections, for the places in problems. All of it is optional. */
export interface Source {
  file?: string;
  /** Sections whose values must not be shown. */
  secretSections?: ReadonlySet<string>;
  /** The position of a key in the file, or of its nearest ancestor; keys from the section down. */
  position?: (keys: readonly Key[]) => Position | undefined;
}

/** A hint for a misspelled word; undefined when no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const guess = nearest(word, candidates);
  return guess === undefined ? undefined : `did you mean "${guess}"?`;
}
