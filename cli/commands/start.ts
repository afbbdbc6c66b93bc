import type { Command } from 'commander';
import { labUp } from '../../lab';
import { loadMesh, stackOptions, type StackChoice } from '../input';
import { say } from '../output';
import { applyInLab } from '../start/apply-in-lab';
import { summary } from '../start/summary';
import { asUserError } from './lab';

/** `meshwright start`, the main job of `npm start`: the lab, the stack on it, and what is there then. */
export function registerStart(program: Command): void {
  stackOptions(program.command('start'))
    .description('bring up the lab and deploy a stack to it; prints the plan before it acts')
    .action(async (choice: StackChoice) => start(choice));
}

async function start(choice: StackChoice): Promise<void> {
  // The stack file first: a wrong one must not cost anybody a lab.
  const { mesh, name, file } = loadMesh(choice);
  say(`${file} is fine: ${mesh.objects.length} objects, ${mesh.releases.length} Helm releases`);
  const lab = await asUserError(labUp({ log: say }));
  const { leftOut } = await applyInLab(lab, mesh, name);
  const objects = [...mesh.existingNamespaces, ...mesh.objects].map(({ object }) => object);
  process.stdout.write(`${summary(lab, objects)}\n\n`);
  process.stdout.write(
    `No Pulumi CLI was found, so the objects were applied with kubectl (server-side, ApplySet "${name}").\n`,
  );
  if (leftOut.length > 0) process.stdout.write(`Left out:\n${leftOut.map((line) => `  ${line}\n`).join('')}`);
}
