import { didYouMean } from '../../config/did-you-mean';
import { baseState, readBase, sampleNames } from './files';

/** What a reference to a sample names, or what is wrong with it, in words. */
export type FoundSample = { sample: string; state: string } | { problem: string };

/**
 * Reads a reference to a sample: `<sample>` for its base, or `<sample>/<state>`. A sample is called by its name or its number: `003-course/delay`, `003/delay`.
 */
export function findSample(reference: string): FoundSample {
  const [called = '', state = baseState, ...rest] = reference.split('/');
  const samples = sampleNames();
  const sample = samples.find((name) => name === called || name.slice(0, 3) === called);
  if (sample === undefined) return unknown(`no sample "${called}"`, called, samples);
  const states = [baseState, ...readBase(sample).states];
  const named = [state, ...rest].join('/');
  if (states.includes(named)) return { sample, state: named };
  return unknown(`no state "${named}" of sample ${sample}`, named, states);
}

function unknown(what: string, name: string, known: string[]): { problem: string } {
  const guess = didYouMean(name, known);
  const all = `there are ${known.join(', ')}`;
  return { problem: guess === undefined ? `${what}; ${all}` : `${what}; ${guess} (${all})` };
}
