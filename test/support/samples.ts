import { parseStackText, type StackTextSettings } from '../../config/stack-text';
import { formatProblems } from '../../config/problem';
import { findSample, mergePatch, sampleStackFile } from '../../cli/samples';
import { parse, stringify } from 'yaml';

/**
 * The settings of a sample.
 * @param reference - as `--sample` takes it
 * @param patches - JSON merge patches on the stack file's `config`, applied in order
 */
export function sample(reference: string, ...patches: Record<string, unknown>[]): StackTextSettings {
  const found = findSample(reference);
  if ('problem' in found) throw new Error(found.problem);
  const file = parse(sampleStackFile(found.sample, found.state)) as unknown;
  const patched = patches.reduce((before, patch) => mergePatch(before, { config: patch }), file);
  const parsed = parseStackText(stringify(patched), reference);
  if ('problems' in parsed) throw new Error(formatProblems(parsed.problems));
  return parsed;
}
