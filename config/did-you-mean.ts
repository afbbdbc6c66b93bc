import { nearest } from '../policy/nearest';

/** The question about a slip of the pen, or undefined when no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const guess = nearest(word, candidates);
  return guess === undefined ? undefined : `did you mean "${guess}"?`;
}
