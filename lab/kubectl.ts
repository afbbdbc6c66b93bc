import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { LabError } from './errors';
import type { Lab } from './types';

/** What a kubectl command needs to know about the cluster. */
export type KubectlTarget = Pick<Lab, 'kubectl' | 'kubeconfig' | 'env'>;

export interface KubectlResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** For a Go program that ends within the second: collecting garbage would cost it a quarter of its time. The limit is for those that do not. */
const brief = { GOGC: 'off', GOMEMLIMIT: '512MiB' };

/** Runs kubectl against the lab and nothing else, whatever the user's own configuration says. */
export async function tryKubectl(
  target: KubectlTarget,
  args: readonly string[],
  input?: string,
): Promise<KubectlResult> {
  const child = spawn(target.kubectl, [`--kubeconfig=${target.kubeconfig}`, ...args], {
    env: { ...target.env, ...brief },
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
export async function kubectl(target: KubectlTarget, args: readonly string[], input?: string): Promise<string> {
  const { ok, stdout, stderr } = await tryKubectl(target, args, input);
  if (!ok) throw new LabError(`kubectl ${args.slice(0, 3).join(' ')} failed:\n${stderr}`);
  return stdout;
}

/** The environment in which kubectl, and programs like it, leave the home directory alone. */
export function kubectlEnvironment(kubeconfig: string, cacheDir: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: cacheDir,
    KUBERC: 'off', // kubectl 1.34 and newer
    KUBECTL_KUBERC: 'false', // kubectl 1.33
  };
}
