import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { checkout } from '../../loader/checkout';
import { LabError } from '../errors';
import { locate } from './locate';

/** Folder with the go.mod that pins every program and the Istio CRDs. */
export const moduleDir = path.join(checkout, 'lab');

const run = promisify(execFile);

/** Lines of a failed command that are worth showing. */
const TAIL_LINES = 12;

function goEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  // The build must not depend on the user's flags or workspaces, nor on a C compiler. Proxy settings stay the user's.
  return { ...process.env, GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0', ...extra };
}

async function goProgram(purpose: string): Promise<string> {
  const go = await locate('go', process.env);
  if (go !== undefined) return go;
  throw new LabError(
    `Go is needed ${purpose}, and PATH has no go. Install Go, or point KUBEBUILDER_ASSETS at a folder that has the programs.`,
  );
}

/** Output of a short go command in the pinned module. `purpose` completes "Go is needed …". */
export async function go(purpose: string, ...args: readonly string[]): Promise<string> {
  const program = await goProgram(purpose);
  try {
    const { stdout } = await run(program, args, {
      cwd: moduleDir,
      env: goEnvironment(),
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new LabError(`go ${args.slice(0, 2).join(' ')} failed (needed ${purpose}):\n${stderr}`);
  }
}

/** Runs a long go command in the pinned module and hands on each line it writes. Resolves with its standard output's lines. */
export async function goLong(
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly onTalk: (line: string) => void },
): Promise<string[]> {
  const program = await goProgram('to build the lab');
  const child = spawn(program, args, {
    cwd: moduleDir,
    env: goEnvironment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const results: string[] = [];
  const talk: string[] = [];
  createInterface(child.stdout).on('line', (line) => results.push(line));
  createInterface(child.stderr).on('line', (line) => {
    talk.push(line);
    options.onTalk(line);
  });
  const ending = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  if (ending === 0) return results;
  const tail = talk.slice(-TAIL_LINES).map((line) => `  | ${line}`);
  throw new LabError(
    [`go ${args[0] ?? ''} failed (${ending ?? 'unknown'}). What is done so far is kept.`, ...tail].join('\n'),
  );
}
