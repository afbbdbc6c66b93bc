import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { projectRoot } from '../../../runtime/project-root';
import { LabError } from '../types';
import { locate } from './programs';

/** Folder with the go.mod that pins the lab's programs, Istio and its charts. */
export const moduleDir = path.join(projectRoot, 'cluster', 'lab');
/** Folder with the go.mod of Pulumi's Kubernetes provider. */
export const providerDir = path.join(moduleDir, 'kubernetes-provider');

const run = promisify(execFile);

/** Lines of a failed command to show. */
const tailLines = 12;

function goEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  // The build must not depend on the user's flags, workspaces or C compiler. Proxy settings still apply.
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

/** Runs a short go command in a pinned module. `purpose` completes "Go 1.26 or newer is required …". */
export async function go(purpose: string, args: readonly string[], cwd = moduleDir): Promise<string> {
  const program = await goProgram(purpose);
  try {
    const { stdout } = await run(program, args, {
      cwd,
      env: goEnvironment(),
      maxBuffer: 64 * 1024 * 1024,
      timeout: 600_000,
    });
    return stdout;
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new LabError(`go ${args.slice(0, 2).join(' ')} failed (needed ${purpose}):\n${stderr}`);
  }
}

/** Runs a long go command in a pinned module, and reports each line of stderr. Resolves with the lines of stdout. */
export async function goLong(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly onLine: (line: string) => void },
): Promise<string[]> {
  const program = await goProgram('to build the lab');
  const child = spawn(program, args, {
    cwd: options.cwd ?? moduleDir,
    env: goEnvironment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const results: string[] = [];
  const messages: string[] = [];
  createInterface(child.stdout).on('line', (line) => results.push(line));
  createInterface(child.stderr).on('line', (line) => {
    messages.push(line);
    options.onLine(line);
  });
  const ending = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  if (ending === 0) return results;
  const tail = messages.slice(-tailLines).map((line) => `  | ${line}`);
  throw new LabError(
    [`go ${args[0] ?? ''} failed (${ending ?? 'unknown'}). What is compiled so far is kept.`, ...tail].join('\n'),
  );
}

/** Version of a module in go.mod, such as `v1.36.3`. Works without Go. */
export async function pinnedVersion(module: string): Promise<string> {
  const file = path.join(moduleDir, 'go.mod');
  const text = await readFile(file, 'utf8');
  for (const line of text.split('\n')) {
    const [name, version] = line
      .replace(/^require /, '')
      .trim()
      .split(/\s+/);
    if (name === module && version !== undefined) return version;
  }
  throw new LabError(`${file} pins no version of ${module}`);
}
