import { z } from 'zod';
import { ensureBinaries } from './binaries';
import { CONTEXT, layoutOf, startControlPlane } from './control-plane';
import { LabError } from './errors';
import { prepareCluster } from './install';
import { kubectlEnvironment } from './kubectl';
import { withLock } from './lock';
import type { Lab, LabUpOptions } from './types';

const versionSchema = z.object({ gitVersion: z.string() });

/**
 * Starts what is not running, builds its programs first where the machine has none, and returns when the API server
 * answers, nodes are Ready and Istio's CRDs are there. What runs as it should is left alone.
 *
 * Throws a LabError when a program cannot be had or does not start, with the end of its output.
 */
export async function labUp({ log, root, admissionWebhooks = false }: LabUpOptions): Promise<Lab> {
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new LabError(`The lab runs on Linux and macOS; this is ${process.platform}.`);
  }
  const layout = layoutOf(root);
  const { kubectl, ...binaries } = await ensureBinaries(log);
  const message = 'lab: another program is starting or stopping it, waiting';
  return withLock(layout.lock, { log, message }, async () => {
    const { client, server } = await startControlPlane({ layout, binaries, admissionWebhooks, log });
    const { kubeconfig, stateDir } = layout;
    const env = kubectlEnvironment(kubeconfig, layout.kubectlCache);
    const { gitVersion } = versionSchema.parse(JSON.parse((await client.get('kube-apiserver', '/version')) ?? '{}'));
    const lab: Lab = { stateDir, kubeconfig, context: CONTEXT, kubectl, server, version: gitVersion, env };
    await prepareCluster(lab, log);
    return lab;
  });
}
