import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Lab } from '../../../cluster/lab';

export interface KubectlResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Saves a short-lived Go program its garbage collection. */
const brief = { GOGC: 'off', GOMEMLIMIT: '512MiB' };

/** Runs kubectl on the lab, independently of the project's own client. */
export async function tryKubectl(lab: Lab, args: readonly string[], input?: string): Promise<KubectlResult> {
  const child = spawn(lab.kubectl, [`--kubeconfig=${lab.kubeconfig}`, ...args], {
    env: { ...lab.env, ...brief },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = new Promise<boolean>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
  child.stdin.on('error', () => undefined); // It may end before it has read everything; stderr has the reason.
  child.stdin.end(input ?? '');
  const [ok, stdout, stderr] = await Promise.all([closed, text(child.stdout), text(child.stderr)]);
  return { ok, stdout, stderr: stderr.trim() };
}

/** Like `tryKubectl`, but rejects when the command fails; resolves with stdout. */
export async function kubectl(lab: Lab, args: readonly string[], input?: string): Promise<string> {
  const { ok, stdout, stderr } = await tryKubectl(lab, args, input);
  if (!ok) throw new Error(`kubectl ${args.slice(0, 3).join(' ')} failed:\n${stderr}`);
  return stdout;
}
