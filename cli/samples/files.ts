import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readYaml } from '../../config/yaml-document';
import { checkout } from '../../runtime/checkout';

/** The folder of the samples: one folder each, with `base.yaml` and one file per further state in `states/`. */
export const samplesFolder = join(checkout, 'samples');

/** The state that is the sample's `base.yaml` as it stands. */
export const baseState = 'base';

interface BaseFile {
  /** What the sample is, in a sentence. */
  description: string;
  /** The further states, in the order in which the walkthrough passes through them. */
  states: string[];
  config: Record<string, unknown>;
}

interface StateFile {
  /** What the state shows, in a sentence. */
  description: string;
  /** The state that this one changes. Defaults to the base. */
  from?: string;
  /** What changes: a JSON merge patch (RFC 7396) on the configuration of `from`. */
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
