import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { didYouMean } from '../config/problem';
import { readYaml } from '../config/yaml';
import { isMap } from '../mesh/json';
import { projectRoot } from '../runtime/project-root';

/** The folder of the samples: one folder each, with `base.yaml` and one file per further state in `states/`. */
export const samplesFolder = join(projectRoot, 'samples');

/** The state of the sample's `base.yaml` itself. */
const baseState = 'base';

interface BaseFile {
  /** A sentence about the sample. */
  description: string;
  /** The other states, in the order of the walkthrough. */
  states: string[];
  config: Record<string, unknown>;
}

interface StateFile {
  /** A sentence about what the state shows. */
  description: string;
  /** The state that this one changes. Defaults to the base. */
  from?: string;
  /** The change: a JSON merge patch (RFC 7396) on the configuration of `from`. */
  config: Record<string, unknown>;
}

/** The samples' names, in order. */
export function sampleNames(): string[] {
  return readdirSync(samplesFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^\d{3}-/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}

export function readBase(sample: string): BaseFile {
  return readSampleFile(sample, `${baseState}.yaml`) as BaseFile;
}

export function readState(sample: string, state: string): StateFile {
  return readSampleFile(sample, `states/${state}.yaml`) as StateFile;
}

function readSampleFile(sample: string, file: string): unknown {
  const { value, problems } = readYaml(readFileSync(join(samplesFolder, sample, file), 'utf8'));
  const [problem] = problems;
  if (problem !== undefined) throw new Error(`samples/${sample}/${file}:${problem.line}: ${problem.message}`);
  return value;
}

/** The sample and state of a reference, or a message that says what is wrong with it. */
export type FoundSample = { sample: string; state: string } | { problem: string };

/**
 * Reads a reference to a sample: `<sample>` for its base, or `<sample>/<state>`. A sample has a name and a number:
 * `003-course/delay`, `003/delay`.
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
 * The stack file of a sample in a state: the base with the patches up to that state.
 * @param state - a state from {@link sampleStates}
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

/** A JSON merge patch (RFC 7396) applied: maps are merged key by key, `null` takes a key away, everything else replaces what was there. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const kept = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(kept, key);
    else kept[key] = mergePatch(kept[key], value);
  }
  return kept;
}
