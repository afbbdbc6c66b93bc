import { distance } from 'fastest-levenshtein';

/** Characters that control a terminal or reorder a line: control characters and bidirectional marks. */
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * A string from a file or a cluster, safe to print: characters that control a terminal are escaped.
 * @param kept - characters to leave as they are; line breaks and tabs by default
 */
export function printable(value: string, kept = '\n\t'): string {
  return value.replaceAll(unprintable, (character) =>
    kept.includes(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * The candidate that `word` is probably a misspelling of: at most a third of its letters differ, ignoring case.
 * undefined if none is close, or several are equally close.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  const [best, next] = ranked;
  if (best === undefined || best.far > Math.floor(word.length / 3)) return undefined;
  return next?.far === best.far ? undefined : best.candidate;
}

/** A literal in a regular expression. */
export function escapeRegex(literal: string): string {
  return literal.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** `1 object`, `2 objects`. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
