import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { StackSettings } from '../../components/manifests/settings';
import type { Lab } from '../../lab';
import type { CheckOptions } from '../../policy/options';
import { UserError } from '../errors';
import { checkout } from '../../loader/checkout';
import { labStack } from './lab-stack';

/**
 * `pulumi up` of this project against the lab, with the policy pack. Pulumi prints its preview before it acts.
 * @throws UserError when Pulumi refuses or fails; what it said is on the terminal.
 */
export function upWithPulumi(lab: Lab, name: string, settings: StackSettings, policy: CheckOptions): void {
  const stack = labStack(lab, name);
  mkdirSync(dirname(stack.file), { recursive: true });
  writeFileSync(stack.file, stringify({ ...encryption(stack.file), config: labConfig(lab, settings, policy) }));
  stack.select();
  if (stack.run('up', '--policy-pack', join(checkout, 'policy', 'direct'), '--yes') !== 0)
    throw new UserError('pulumi up did not succeed: see above. Run the command again once that is put right.');
}

/** What Pulumi wrote into the stack file to encrypt the stack's secrets with; lost, its state could not be read again. */
function encryption(stackFile: string): Record<string, unknown> {
  if (!existsSync(stackFile)) return {};
  const file = Object.entries(parse(readFileSync(stackFile, 'utf8')) as Record<string, unknown>);
  return Object.fromEntries(file.filter(([key]) => key !== 'config'));
}

function labConfig(lab: Lab, settings: StackSettings, policy: CheckOptions): Record<string, unknown> {
  const sections = Object.entries({ ...settings, policy }).map(([section, value]): [string, unknown] => [
    `meshwright:${section}`,
    value,
  ]);
  return { 'kubernetes:context': lab.context, ...Object.fromEntries(sections) };
}
