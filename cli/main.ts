import { Command, CommanderError } from 'commander';
import { EditError } from '../config/edit';
import { printable } from '../mesh/strings';
import { version } from '../package.json';
import { registerAdopt } from './commands/adopt';
import { registerCheck } from './commands/check';
import { registerDiff } from './commands/diff';
import { registerDoctor } from './commands/doctor';
import { registerDown } from './commands/down';
import { registerExplain } from './commands/explain';
import { registerGraph } from './commands/graph';
import { registerImport } from './commands/import';
import { registerInit } from './commands/init';
import { registerLab } from './commands/lab';
import { registerLive } from './commands/live';
import { registerPromote } from './commands/promote';
import { registerRelease } from './commands/release';
import { registerRender } from './commands/render';
import { registerSamples } from './commands/samples';
import { registerShift } from './commands/shift';
import { registerStart } from './commands/start';
import { registerTraffic } from './commands/traffic';
import { registerUndo } from './commands/undo';
import { exitCodes, UserError } from './errors';

/** Every command, in the order of `--help`; each adds itself to the program. */
export const commands: ((program: Command) => void)[] = [
  registerStart,
  registerDown,
  registerAdopt,
  registerRelease,
  registerRender,
  registerCheck,
  registerExplain,
  registerDiff,
  registerGraph,
  registerLive,
  registerDoctor,
  registerTraffic,
  registerShift,
  registerUndo,
  registerPromote,
  registerSamples,
  registerImport,
  registerInit,
  registerLab,
];

/** The `meshwright` command line. Results go to stdout, progress and diagnostics to stderr. */
export function program(): Command {
  const meshwright = new Command('meshwright')
    .description('Istio as a Pulumi stack: render, check and try a stack file, and see what it does to traffic.')
    .version(version)
    .showHelpAfterError('(--help lists the allowed arguments and options)')
    .addHelpText('after', '\nExit codes: 0 done, 1 findings or refused, 2 usage or broken input, 3 cannot tell.')
    .exitOverride();
  for (const register of commands) register(meshwright);
  return meshwright;
}

/** Runs one command line and sets the exit code; never throws. */
export async function run(argv: string[]): Promise<void> {
  // A reader that closes the pipe early (`| head`) is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.usage),
  );
  try {
    await program().parseAsync(argv, { from: 'user' });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  // commander has printed its errors already; --help and --version end in one with exit code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof UserError) {
    process.stderr.write(`${printable(error.message)}\n`);
    return error.exitCode;
  }
  if (error instanceof EditError) {
    process.stderr.write(`${printable(error.message)}\n`);
    return exitCodes.usage;
  }
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nThis is a bug in Meshwright; please report it.\n`,
  );
  return exitCodes.usage;
}
