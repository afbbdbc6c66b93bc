import type { Command } from 'commander';
import { labStatus, labUp } from '../../cluster/lab';
import { asUserError, exitCodes } from '../errors';
import { environmentOf, stackOptions, type StackChoice } from '../input';
import { printable } from '../../mesh/strings';
import { ask, say } from '../output';
import { takeDown } from '../start/deploy';
import { LabStack } from '../start/lab-stack';
import { deployedStacks, refuseOtherOrigin } from '../start/stack-state';

interface DownOptions extends StackChoice {
  yes: boolean;
}

/** `meshwright down`: removes a stack from the lab. */
export function registerDown(program: Command): void {
  stackOptions(program.command('down'))
    .description("remove only this stack's objects from the lab, after showing the plan")
    .option('-y, --yes', 'do not ask for confirmation', false)
    .addHelpText('after', '\nExit codes: 0 nothing of the stack is left, 1 not confirmed, 2 usage or failure.')
    .action((options: DownOptions) => down(options));
}

async function down({ yes, ...choice }: DownOptions): Promise<void> {
  const { name, origin } = environmentOf(choice);
  const print = (text: string): boolean => process.stdout.write(printable(text));
  const { kubeconfig, stateDir } = await labStatus();
  if (kubeconfig === undefined || !deployedStacks({ stateDir }).has(name)) {
    print(`Nothing of ${name} is on the lab.\n`);
    return;
  }
  refuseOtherOrigin({ stateDir }, name, origin);
  const lab = await asUserError(labUp({ log: say }));
  const stack = await LabStack.open(lab, name, { log: say });
  if (await takeDown(stack, { print, confirm: yes ? () => Promise.resolve(true) : ask })) return;
  print('Nothing was removed. Answer y, or add --yes.\n');
  process.exitCode = exitCodes.findings;
}
