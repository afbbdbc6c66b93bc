import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { open, readFile, rename } from 'node:fs/promises';

/** Number of lines of a program's output that are worth showing when it fails. */
const TAIL_LINES = 8;

/** Starts a program in a session of its own, so that neither Ctrl-C nor our end reaches it, with its output in a new file. */
export async function startDetached(
  program: string,
  args: readonly string[],
  options: { readonly logFile: string; readonly cwd: string },
): Promise<ChildProcess> {
  // One earlier output is kept: it tells why the program ended.
  await rename(options.logFile, `${options.logFile}.previous`).catch(() => undefined);
  const output = await open(options.logFile, 'w', 0o600);
  try {
    const child = spawn(program, args, {
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      // Nothing of the user's: no KUBECONFIG, ETCD_* or GODEBUG may change what the lab does.
      env: { PATH: process.env['PATH'], HOME: options.cwd },
    });
    child.unref();
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } finally {
    await output.close();
  }
}

/** The last lines a program wrote, indented for an error message. */
export async function logTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  const lines = text.trimEnd().split('\n').slice(-TAIL_LINES);
  return lines.map((line) => `  | ${line.slice(0, 400)}`).join('\n');
}
