import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { KubernetesApi } from '../../cluster/api';
import { labApi } from '../../cluster/lab';
import { stackFilePath } from '../../config/file';
import { asString } from '../../mesh/json';
import { defined } from '../../mesh/manifests/kubernetes';
import { printable } from '../../mesh/strings';
import { userRoot } from '../../runtime/project-root';
import { exitCodes, UserError } from '../errors';
import { loadMesh, stackOptions, type LoadedMesh, type StackChoice } from '../input';
import { ask } from '../output';
import { adoptObjects, plannedAdoption, type OpenCluster } from '../start/adopt';
import { previewed } from '../start/deploy';
import { LabStack } from '../start/lab-stack';
import { openOnLab } from '../start/on-lab';

interface AdoptFlags extends StackChoice {
  yes: boolean;
  lab: boolean;
}

/** `meshwright adopt`: takes over existing objects without writing them; the opposite of `release`. */
export function registerAdopt(program: Command): void {
  stackOptions(program.command('adopt'))
    .description(
      'add existing objects that already match the stack file to the state of a stack, without writing them, after showing the plan',
    )
    .option('--lab', "the stack on the lab, instead of the one in Pulumi's own backend", false)
    .option('-y, --yes', 'do not ask for confirmation', false)
    .addHelpText(
      'after',
      [
        '',
        'The stack file names the objects to adopt (meshwright:adopt). What differs from it, Helm releases and what does not exist yet are left to the next update.',
        '',
        'Exit codes: 0 adopted, or nothing to adopt, 1 refused or not confirmed, 2 usage or failure.',
      ].join('\n'),
    )
    .action((flags: AdoptFlags) => adopt(flags));
}

async function adopt({ yes, lab, ...choice }: AdoptFlags): Promise<void> {
  const loaded = loadMesh(choice);
  const { file, settings } = loaded;
  const { adopt: named = false } = settings;
  if (named === false || (Array.isArray(named) && named.length === 0))
    throw new UserError(
      `${file} names no objects to adopt. Add meshwright:adopt: true, or a list such as ["VirtualService shop/pay"].`,
    );
  const { stack, open } = lab ? await onLab(loaded) : await inBackend(loaded);
  const { adoption } = await plannedAdoption((plan) => previewed(stack, { plan }), open);
  const print = (text: string): boolean => process.stdout.write(printable(text));
  if (await adoptObjects(stack, adoption, { print, confirm: yes ? () => Promise.resolve(true) : ask })) return;
  print('Nothing was adopted. Answer y, or add --yes.\n');
  process.exitCode = exitCodes.findings;
}

interface Opened {
  stack: LabStack;
  open: OpenCluster;
}

async function onLab(loaded: LoadedMesh): Promise<Opened> {
  const { lab, stack } = await openOnLab(loaded);
  return { stack, open: () => Promise.resolve(labApi(lab)) };
}

/** Pulumi reads the stack file that has the stack's name. */
async function inBackend({ name, origin }: LoadedMesh): Promise<Opened> {
  const path = resolve(userRoot, stackFilePath(name));
  if (origin !== path)
    throw new UserError(
      `Pulumi runs the stack ${name} with ${path}, not with ${origin}. Use --stack, or --lab for the lab.`,
    );
  return { stack: await LabStack.openProject(name), open: () => Promise.resolve(clusterOf(origin)) };
}

/** The cluster of a stack. An encrypted kubeconfig cannot be read, so all patches are left to the update. */
function clusterOf(file: string): Pick<KubernetesApi, 'get'> {
  const { config } = parse(readFileSync(file, 'utf8')) as { config?: Record<string, unknown> };
  const [kubeconfig, context] = ['kubeconfig', 'context'].map((key) => config?.[`kubernetes:${key}`]);
  const isReadable = [kubeconfig, context].every((value) => value === undefined || typeof value === 'string');
  if (!isReadable) return { get: () => Promise.resolve(undefined) };
  return KubernetesApi.open(defined({ kubeconfig: asString(kubeconfig), context: asString(context) }));
}
