import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { StackSettings } from '../../components/manifests/settings';
import type { Lab } from '../../lab';
import type { CheckOptions } from '../../policy/options';
import { UserError } from '../errors';
import { say } from '../output';
import { lockedByTheDead } from './pulumi-locks';

const project = resolve(__dirname, '..', '..');

/**
 * `pulumi up` of this project against the lab, with the policy pack, state in `.state` of the checkout. Pulumi prints its preview before it acts.
 * @throws UserError when Pulumi refuses or fails; what it said is on the terminal.
 */
export function upWithPulumi(lab: Lab, name: string, settings: StackSettings, policy: CheckOptions): void {
  const backend = join(project, '.state', 'pulumi');
  mkdirSync(backend, { recursive: true });
  const configFile = join(project, '.state', `Pulumi.${name}.yaml`);
  writeFileSync(configFile, stringify({ config: labConfig(lab, settings, policy) }));
  const env = {
    ...process.env,
    KUBECONFIG: lab.kubeconfig,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: process.env.PULUMI_CONFIG_PASSPHRASE ?? '',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
  const pulumi = (...words: string[]): number | null =>
    spawnSync('pulumi', [...words, '--stack', name], { cwd: project, env, stdio: ['ignore', 'inherit', 'inherit'] })
      .status;
  if (pulumi('stack', 'select', '--create', '--non-interactive') !== 0)
    throw new UserError(`The stack ${name} could not be made in ${backend}.`);
  if (lockedByTheDead(backend)) {
    say('an earlier run was killed and left its lock: removing it');
    spawnSync('pulumi', ['cancel', '--yes', '--non-interactive', name], { cwd: project, env, stdio: 'ignore' });
  }
  if (pulumi('up', '--config-file', configFile, '--policy-pack', join(project, 'policy'), '--yes', '--diff') !== 0) {
    throw new UserError('pulumi up did not succeed: see above. Run the command again once that is put right.');
  }
}

function labConfig(lab: Lab, settings: StackSettings, policy: CheckOptions): Record<string, unknown> {
  const sections = Object.entries({ ...settings, policy }).map(([section, value]): [string, unknown] => [
    `meshwright:${section}`,
    value,
  ]);
  return { 'kubernetes:context': lab.context, ...Object.fromEntries(sections) };
}
