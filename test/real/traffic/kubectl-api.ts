import { spawn } from 'node:child_process';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { KubeApi } from './kube-api';

/** The same through kubectl, which knows how to log in to any cluster. */
export function kubectlApi(context: string): Pick<KubeApi, 'apply' | 'remove'> {
  const kubectl = (words: string[], object: KubernetesObject): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn('kubectl', ['--context', context, ...words, '--filename', '-']);
      const output: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
      child.once('error', reject);
      child.once('close', (code) => (code === 0 ? resolve(output.stdout) : reject(new Error(output.stderr.trim()))));
      child.stdin.end(JSON.stringify(object));
    });
  return {
    apply: async (object) =>
      JSON.parse(
        await kubectl(['apply', '--server-side', '--field-manager=meshwright-test', '--output=json'], object),
      ) as KubernetesObject,
    remove: async (object) => {
      await kubectl(['delete', '--ignore-not-found'], object);
    },
  };
}
