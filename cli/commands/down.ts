import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { labStatus, labUp } from '../../cluster/lab';
import { asUserError, exitCodes } from '../errors';
import { environmentOf, stackOptions, type StackChoice } from '../input';
import { say } from '../output';
import { takeDown } from '../start/deploy';
import { deployedStacks, LabStack } from '../start/lab-stack';

interface DownOptions extends StackChoice {
  yes: boolean;
}

/** `meshwright down`: takes a stack off the lab again. */
export function registerDown(program: Command): void {
  stackOptions(program.command('down'))
    .description("remove a stack's objects from the lab, and no others; prints the plan before it acts")
    .option('-y, --yes', 'do not ask', false)
    .addHelpText('after', '\nExit codes: 0 nothing of the stack is left, 1 not agreed to, 2 usage or failure.')
    .action((options: DownOptions) => down(options));
}

async function down({ yes, ...choice }: DownOptions): Promise<void> {
  const name = environmentOf(choice);
  const tell = (text: string): boolean => process.stdout.write(text);
  const { kubeconfig, stateDir } = await labStatus();
  if (kubeconfig === undefined || !deployedStacks({ stateDir }).has(name)) {
    tell(`Nothing of ${name} is on the lab.\n`);
    return;
  }
  const lab = await asUserError(labUp({ log: say }));
  const stack = await LabStack.open(lab, name, { log: say });
  if (await takeDown(stack, { tell, agreed: yes ? () => Promise.resolve(true) : ask })) return;
  tell('Nothing was removed. Answer y, or add --yes.\n');
  process.exitCode = exitCodes.findings;
}

/** Asks on the terminal; without a terminal the answer is no. */
async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
