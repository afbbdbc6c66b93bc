import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Lab } from '../../lab';
import { checkout } from '../../loader/checkout';
import { UserError } from '../errors';
import { say } from '../output';
import { projectFile } from './project-file';
import { lockedByTheDead } from './pulumi-locks';

/** An environment as a Pulumi stack of the lab's: its file and its state lie beside the lab's own, so that nothing is ever written into the user's, and go with the lab. */
export interface LabStack {
  /** The stack file. */
  file: string;
  /** Makes the stack where there is none, and takes away the lock of a run that was killed. */
  select: () => void;
  /** `pulumi WORDS --stack …` on this terminal; its exit code. */
  run: (...words: string[]) => number | null;
}

export function labStack(lab: Lab, name: string): LabStack {
  const folder = pulumiFolder(lab);
  const backend = join(folder, 'backend');
  const env = labEnv(lab, backend);
  const run = (...words: string[]): number | null =>
    spawnSync('pulumi', [...words, '--stack', name], { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] })
      .status;
  return {
    file: join(folder, `Pulumi.${name}.yaml`),
    run,
    select: () => {
      mkdirSync(backend, { recursive: true });
      writeFileSync(join(folder, 'Pulumi.yaml'), projectFile(folder));
      if (run('stack', 'select', '--create', '--non-interactive') !== 0)
        throw new UserError(`The stack ${name} could not be made in ${backend}.`);
      if (!lockedByTheDead(backend)) return;
      say('an earlier run was killed and left its lock: removing it');
      spawnSync('pulumi', ['cancel', '--yes', '--non-interactive', name], { cwd: folder, env, stdio: 'ignore' });
    },
  };
}

/** Whether Pulumi has deployed anything of an environment to the lab; asks no Pulumi. */
export function isDeployedByPulumi(lab: Lab, name: string): boolean {
  const { name: projectName } = parse(readFileSync(join(checkout, 'Pulumi.yaml'), 'utf8')) as { name: string };
  const state = join(pulumiFolder(lab), 'backend', '.pulumi', 'stacks', projectName, `${name}.json`);
  if (!existsSync(state)) return false;
  const { checkpoint } = JSON.parse(readFileSync(state, 'utf8')) as {
    checkpoint?: { latest?: { resources?: unknown[] } };
  };
  return (checkpoint?.latest?.resources ?? []).length > 0;
}

function pulumiFolder(lab: Lab): string {
  return join(lab.stateDir, 'pulumi');
}

/** The environment of a Pulumi run against the lab. The lab is ours: what a run without Pulumi, a killed one or a hand put there is taken over. */
function labEnv(lab: Lab, backend: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KUBECONFIG: lab.kubeconfig,
    PULUMI_BACKEND_URL: `file://${backend}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE: process.env.PULUMI_CONFIG_PASSPHRASE ?? '',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_K8S_UPSERT_EXISTING_OBJECTS: 'true',
    PULUMI_K8S_ENABLE_PATCH_FORCE: 'true',
    ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }),
  };
}
