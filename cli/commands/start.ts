import type { Command } from 'commander';
import { renderMesh } from '../../components/manifests/mesh';
import { labUp, readObjects } from '../../lab';
import { loadMesh, stackOptions, type StackChoice } from '../input';
import { asUserError } from '../lab-errors';
import { say } from '../output';
import { applyInLab } from '../start/apply-in-lab';
import { reachableAddonCharts, reachableCharts } from '../start/charts';
import { findPulumi } from '../start/find-pulumi';
import { labSettings } from '../start/lab-settings';
import { summary } from '../start/summary';
import { upWithPulumi } from '../start/up-with-pulumi';

/** `meshwright start`, the main job of `npm start`: the lab, the stack on it, and what is there then. */
export function registerStart(program: Command): void {
  stackOptions(program.command('start'))
    .description('bring up the lab and deploy a stack to it; prints the plan before it acts')
    .action(async (choice: StackChoice) => start(choice));
}

/**
 * Checks a stack, brings the lab up and deploys the stack to it.
 * @throws UserError for a stack file that is wrong, before any lab is looked for
 */
export async function start(
  choice: StackChoice,
  { admissionWebhooks = false }: { admissionWebhooks?: boolean } = {},
): Promise<void> {
  // The stack file first: a wrong one must not cost anybody a lab.
  const { name, file, settings, policy } = loadMesh(choice);
  say(`${file} is fine`);
  const pulumi = findPulumi();
  const means = pulumi.found
    ? { charts: await reachableCharts(settings.istio), addonCharts: await reachableAddonCharts(settings) }
    : {};
  const local = labSettings(settings, means);
  const mesh = renderMesh(local.settings);
  const lab = await asUserError(labUp({ log: say, admissionWebhooks }));
  const leftOut = [...local.notes];
  if (pulumi.found) upWithPulumi(lab, name, local.settings, policy);
  else leftOut.push(...(await applyInLab(lab, mesh, name, policy)));

  const objects = [...mesh.existingNamespaces, ...mesh.objects].map(({ object }) => object);
  process.stdout.write(`${summary(await asUserError(readObjects(lab, objects)))}\n\n`);
  process.stdout.write(
    pulumi.found
      ? `Deployed by pulumi up (Pulumi ${pulumi.version}, policy pack).\n`
      : `Deployed by server-side apply, ApplySet "${name}", after the same checks: ${pulumi.reason}.\n`,
  );
  if (leftOut.length > 0)
    process.stdout.write(`Left out or changed for the lab:\n${leftOut.map((line) => `  ${line}\n`).join('')}`);
  process.stdout.write(nextSteps(choice, file, lab.kubeconfig));
}

function nextSteps(choice: StackChoice, file: string, kubeconfig: string): string {
  const { sample } = choice;
  const flags = sample === undefined ? stackFlags(choice) : `--sample ${sample}`;
  const first =
    sample === undefined
      ? `change a weight in ${file} and run npm start again: the plan says what moves`
      : 'npx meshwright samples, and npm start -- --sample with another state of this one: the plan says what moves';
  const commands: [string, string][] = [
    [`npx meshwright check ${flags}`, 'what is wrong, before anything is touched'],
    [`npx meshwright render ${flags}`, 'the same stack as plain YAML'],
    [`export KUBECONFIG=${kubeconfig}`, 'and look around with kubectl'],
    [`npx meshwright down ${flags}`, 'take the stack off again'],
    ['npx meshwright lab down', 'stop it all'],
  ];
  const width = Math.max(...commands.map(([command]) => command.length));
  const lines = [first, ...commands.map(([command, what]) => `${command.padEnd(width)}  ${what}`)];
  return `\nTry next\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function stackFlags({ stack, config }: StackChoice): string {
  return config === undefined ? `--stack ${stack ?? 'dev'}` : `--config ${config}`;
}
