import type { Command } from 'commander';
import { labStatus, labUp } from '../../cluster/lab';
import { asUserError, exitCodes, UserError } from '../errors';
import { environmentOf, stackOptions, type StackChoice } from '../input';
import { printable } from '../../mesh/strings';
import { ask, say } from '../output';
import { LabStack } from '../start/lab-stack';
import { releaseState } from '../start/release-state';
import { deployedStacks } from '../start/stack-state';

interface ReleaseFlags extends StackChoice {
  yes: boolean;
  lab: boolean;
  backup?: string;
}

/** `meshwright release`: the opposite of adopting. */
export function registerRelease(program: Command): void {
  stackOptions(program.command('release'))
    .description('empty the state of a stack and keep all objects in the cluster, after showing the plan')
    .option('--lab', "the stack on the lab, instead of the one in Pulumi's own backend", false)
    .option('--backup <file>', 'first write the state to this file; `pulumi stack import --file` brings it back')
    .option('-y, --yes', 'do not ask for confirmation', false)
    .addHelpText(
      'after',
      [
        '',
        'Then `meshwright render` prints what kubectl, Flux or Argo CD can apply. With meshwright:adopt an update takes the objects over again.',
        '',
        'Exit codes: 0 the state is empty, 1 not confirmed, 2 usage or failure.',
      ].join('\n'),
    )
    .action((flags: ReleaseFlags) => release(flags));
}

async function release({ yes, lab, backup, ...choice }: ReleaseFlags): Promise<void> {
  const { name } = environmentOf(choice);
  const print = (text: string): boolean => process.stdout.write(printable(text));
  const { pulumi: stack } = await (lab ? labStack(name) : LabStack.openProject(name));
  const confirm = yes ? () => Promise.resolve(true) : ask;
  if (await releaseState(name, stack, { print, confirm, ...(backup === undefined ? {} : { backup }) })) return;
  print('Nothing was released. Answer y, or add --yes.\n');
  process.exitCode = exitCodes.findings;
}

async function labStack(name: string): Promise<LabStack> {
  const { kubeconfig, stateDir } = await labStatus();
  if (kubeconfig === undefined || !deployedStacks({ stateDir }).has(name))
    throw new UserError(
      `Nothing of ${name} is on the lab. Without --lab, the stack in Pulumi's own backend is released.`,
    );
  return LabStack.open(await asUserError(labUp({ log: say })), name, { log: say });
}
