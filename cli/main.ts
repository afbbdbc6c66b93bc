import { Command, CommanderError } from 'commander';
import { version } from '../package.json';
import { EditError } from '../config/edit';
import { exitCodes, UserError } from './errors';
import { commands } from './commands';
import { printable } from '../mesh/strings';

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
