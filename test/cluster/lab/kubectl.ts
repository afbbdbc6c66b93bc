import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Lab } from '../../../cluster/lab';

export interface KubectlResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** For a Go program that ends within the second: collecting garbage would cost it a quarter of its time. The limit is for those that do not. */
const brief = { GOGC: 'off', GOMEMLIMIT: '512MiB' };

/** Looks at the lab and edits it as people do, with kubectl, independently of how the project talks to its API server. */
export async function tryKubectl(lab: Lab, args: readonly string[], input?: string): Promise<KubectlResult> {
  const child = spawn(lab.kubectl, [`--kubeconfig=${lab.kubeconfig}`, ...args], {
    env: { ...lab.env, ...brief },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = new Promise<boolean>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
  child.stdin.on('error', () => undefined); // It may refuse before it has read everything: stderr says why.
  child.stdin.end(input ?? '');
  const [ok, stdout, stderr] = await Promise.all([closed, text(child.stdout), text(child.stderr)]);
  return { ok, stdout, stderr: stderr.trim() };
}

/** As `tryKubectl`, for commands that have no reason to fail: resolves with standard output. */
export async function kubectl(lab: Lab, args: readonly string[], input?: string): Promise<string> {
  const { ok, stdout, stderr } = await tryKubectl(lab, args, input);
  if (!ok) throw new Error(`kubectl ${args.slice(0, 3).join(' ')} failed:\n${stderr}`);
  return stdout;
}
