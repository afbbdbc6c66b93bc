import { stringify } from 'yaml';
import { baseState, readBase, readState, sampleNames } from './files';
import { mergePatch } from './merge-patch';

/** A sample in one of its states. */
export interface SampleState {
  sample: string;
  state: string;
  description: string;
}

/** The samples with their states, in the order of the walkthroughs; the base comes first. */
export function sampleStates(): SampleState[] {
  return sampleNames().flatMap((sample) => {
    const { description, states } = readBase(sample);
    return [
      { sample, state: baseState, description },
      ...states.map((state) => ({ sample, state, description: readState(sample, state).description })),
    ];
  });
}

/**
 * The stack file of a sample in a state, as text: the base with the states' patches on it, up to this one.
 * @param state - one that {@link sampleStates} lists
 */
export function sampleStackFile(sample: string, state: string): string {
  const comment = `# Sample ${sample}, state ${state}: ${descriptionOf(sample, state)}\n`;
  return comment + stringify({ config: sampleConfig(sample, state) }, { lineWidth: 120 });
}

function sampleConfig(sample: string, state: string): unknown {
  if (state === baseState) return readBase(sample).config;
  const { from = baseState, config } = readState(sample, state);
  return mergePatch(sampleConfig(sample, from), config);
}

function descriptionOf(sample: string, state: string): string {
  return state === baseState ? readBase(sample).description : readState(sample, state).description;
}
