import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import type { StackSettings } from '../../components/manifests/settings';
import type { Lab } from '../../lab';
import type { CheckOptions } from '../../policy/options';
import { UserError } from '../errors';
import { say } from '../output';
import { lockedByTheDead } from './pulumi-locks';

const project = resolve(__dirname, '..', '..');
/**
 * `pulumi up` of this project against the lab, with the policy pack, state beside the lab's own. Pulumi prints its preview before it acts.
 * @throws UserError when Pulumi refuses or fails; what it said is on the terminal.
 */
export function upWithPulumi(lab: Lab, name: string, settings: StackSettings, policy: CheckOptions): void {
  // The same program with a stack file of its own, so that nothing is ever written into the user's; it goes with the lab that it describes.
  const labProject = join(lab.stateDir, 'pulumi');
  const backend = join(labProject, 'backend');
  mkdirSync(backend, { recursive: true });
  writeFileSync(join(labProject, 'Pulumi.yaml'), labProjectFile(labProject));
  const stackFile = join(labProject, `Pulumi.${name}.yaml`);
  writeFileSync(stackFile, stringify({ ...encryption(stackFile), config: labConfig(lab, settings, policy) }));
  const env = labEnv(lab, backend);
  const pulumi = (...words: string[]): number | null =>
    spawnSync('pulumi', [...words, '--stack', name], { cwd: labProject, env, stdio: ['ignore', 'inherit', 'inherit'] })
      .status;
  if (pulumi('stack', 'select', '--create', '--non-interactive') !== 0) {
    throw new UserError(`The stack ${name} could not be made in ${backend}.`);
  }
  if (lockedByTheDead(backend)) {
    say('an earlier run was killed and left its lock: removing it');
    spawnSync('pulumi', ['cancel', '--yes', '--non-interactive', name], { cwd: labProject, env, stdio: 'ignore' });
  }
  if (pulumi('up', '--policy-pack', join(project, 'policy'), '--yes') !== 0) {
    throw new UserError('pulumi up did not succeed: see above. Run the command again once that is put right.');
  }
}

/** The environment of a Pulumi run against the lab. The lab is ours: what a run without Pulumi, a killed one or a hand put there is taken over. */
function labEnv(lab: Lab, backend: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KUBECONFIG: lab.kubeconfig,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: process.env.PULUMI_CONFIG_PASSPHRASE ?? '',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_K8S_UPSERT_EXISTING_OBJECTS: 'true',
    PULUMI_K8S_ENABLE_PATCH_FORCE: 'true',
    ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }),
  };
}

function labProjectFile(folder: string): string {
  const file = parse(readFileSync(join(project, 'Pulumi.yaml'), 'utf8')) as Record<string, unknown>;
  return stringify({ ...file, main: relative(folder, project) });
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
