import { readFileSync } from 'node:fs';
import { LabStack } from '../../../../cli/start/lab-stack';
import type { ChildTask } from './real-stack';
import { words } from './words';

/** Runs the engine on a stack, and prints its messages; argv[2] is the file with the task. */
async function main(): Promise<void> {
  const task = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ChildTask;
  const { lab, name, folder, operation, config } = task;
  const stack = await LabStack.open(lab, name, { folder, log: (line) => console.log(line) });
  stack.configure(config);
  const ran = await stack[operation]({ onEvent: (event) => words(event).forEach((line) => console.log(line)) });
  if (!ran.succeeded) console.log(ran.stderr);
  process.exitCode = ran.succeeded ? 0 : 1;
}

void main();
