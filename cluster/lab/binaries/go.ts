import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { checkout } from '../../../runtime/checkout';
import { LabError } from '../errors';
import { locate } from './locate';

/** Folder with the go.mod that pins the lab's programs, Istio and its charts. */
export const moduleDir = path.join(checkout, 'cluster', 'lab');
/** Folder with the go.mod of Pulumi's Kubernetes provider. */
export const providerDir = path.join(moduleDir, 'kubernetes-provider');

const run = promisify(execFile);

/** Lines of a failed command that are worth showing. */
const TAIL_LINES = 12;

function goEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  // The build must not depend on the user's flags or workspaces, nor on a C compiler. Proxy settings stay the user's.
  return { ...process.env, GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0', ...extra };
}

/** Version of Go that the pinned modules need, such as `1.26`. */
async function neededGo(): Promise<string> {
  const text = await readFile(path.join(moduleDir, 'go.mod'), 'utf8');
  return /^go (\d+\.\d+)/m.exec(text)?.[1] ?? '';
}

async function goProgram(purpose: string): Promise<string> {
  const go = await locate('go', process.env);
  if (go !== undefined) return go;
  throw new LabError(
    `Go ${await neededGo()} or newer is required ${purpose}, and there is no go on PATH. Get it from https://go.dev/dl and run the command again.`,
  );
}

/** Output of a short go command in a pinned module. `purpose` completes "Go 1.26 or newer is required …". */
export async function go(purpose: string, args: readonly string[], cwd = moduleDir): Promise<string> {
  const program = await goProgram(purpose);
  try {
    const { stdout } = await run(program, args, { cwd, env: goEnvironment(), maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new LabError(`go ${args.slice(0, 2).join(' ')} failed (needed ${purpose}):\n${stderr}`);
  }
}

/** Runs a long go command in a pinned module and hands on each line it writes. Resolves with its standard output's lines. */
export async function goLong(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly onTalk: (line: string) => void },
): Promise<string[]> {
  const program = await goProgram('to build the lab');
  const child = spawn(program, args, {
    cwd: options.cwd ?? moduleDir,
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
