import type { Command } from 'commander';
import { findSample, sampleStackFile, sampleStates } from '../samples';
import { UserError } from '../errors';
import { table } from '../output';

/** `meshwright samples`: lists the samples, and prints one as a stack file. */
export function registerSamples(program: Command): void {
  program
    .command('samples')
    .argument('[sample/state]', 'print the stack file of this sample, e.g. 003/delay')
    .description('list the sample stacks and their states, for --sample')
    .option('--json', 'the list as JSON')
    .action((reference: string | undefined, { json }: { json?: boolean }) => {
      process.stdout.write(reference === undefined ? list(json === true) : stackFile(reference));
    });
}

function list(json: boolean): string {
  const states = sampleStates();
  if (json) return `${JSON.stringify(states, null, 2)}\n`;
  const rows = states.map(({ sample, state, description }) => [`${sample}/${state}`, description]);
  return `${table(['SAMPLE', 'WHAT IT SHOWS'], rows)}\n`;
}

/** @throws UserError for an unknown sample or state. */
function stackFile(reference: string): string {
  const found = findSample(reference);
  if ('problem' in found) throw new UserError(found.problem);
  return sampleStackFile(found.sample, found.state);
}
