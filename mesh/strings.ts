import { distance } from 'fastest-levenshtein';

/** Characters that a terminal acts on, or that change the order of a line: control characters and marks of the direction of writing. */
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * A string from a file or a cluster as it may be shown: what a terminal would act on is written as an escape.
 * @param kept - characters to leave as they are; line breaks and tabs by default
 */
export function printable(value: string, kept = '\n\t'): string {
  return value.replaceAll(unprintable, (character) =>
    kept.includes(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The candidate that `word` is most likely a slip of: at most a third of its letters differ, in whatever case. undefined when none is near or several are equally so. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  const [best, next] = ranked;
  if (best === undefined || best.far > Math.floor(word.length / 3)) return undefined;
  return next?.far === best.far ? undefined : best.candidate;
}
