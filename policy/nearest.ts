import { distance } from 'fastest-levenshtein';

/** The candidate that `word` is most likely a slip of: at most a third of its letters differ, in whatever case. undefined when none is near or several are equally so. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  const [best, next] = ranked;
  if (best === undefined || best.far > Math.floor(word.length / 3)) return undefined;
  return next?.far === best.far ? undefined : best.candidate;
}
