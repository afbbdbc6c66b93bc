import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ensureBinaries } from './binaries';
import { CONTEXT, layoutOf, startControlPlane } from './control-plane';
import { LabError } from './errors';
import { prepareCluster } from './install';
import { kubectlEnvironment } from './kubectl';
import { withLock } from './lock';
import type { Lab, LabUpOptions, Log } from './types';

/** Longest wait for the pods that were there before, and the time between two looks, in milliseconds. */
const PODS_MS = 60_000;
const PAUSE_MS = 100;

const statusSchema = z.object({
  settled: z.boolean(),
  pods: z.array(z.object({ namespace: z.string(), name: z.string(), ready: z.boolean() })),
});

/** Waits until the processes that play the cluster's pods answer: after a start they come up one by one. */
async function podsAnswer({ nodePort }: Lab, log: Log): Promise<void> {
  const deadline = Date.now() + PODS_MS;
  let waiting = ['the list of pods'];
  while (Date.now() < deadline) {
    const response = await fetch(`http://127.0.0.1:${nodePort}/status`).catch(() => undefined);
    const status = response?.ok === true ? statusSchema.parse(await response.json()) : undefined;
    if (status?.settled === true) return;
    waiting = (status?.pods ?? []).filter(({ ready }) => !ready).map(({ namespace, name }) => `${namespace}/${name}`);
    await sleep(PAUSE_MS);
  }
  log(`lab: not Ready after ${PODS_MS / 1000} s: ${waiting.join(', ')}`);
}

const versionSchema = z.object({ gitVersion: z.string() });

/**
 * Starts what is not running, builds its programs first where the machine has none, and returns when the API server
 * answers and nodes are Ready. What runs as it should is left alone.
 *
 * Throws a LabError when a program cannot be had or does not start, with the end of its output.
 */
export async function labUp({ log, root }: LabUpOptions): Promise<Lab> {
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new LabError(`The lab runs on Linux and macOS; this is ${process.platform}.`);
  }
  const layout = layoutOf(root);
  await mkdir(layout.stateDir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new LabError(`The lab's folder cannot be written to: ${(error as Error).message}.`);
  });
  const { programs, charts, envoy } = await ensureBinaries(log);
  const message = 'lab: another program is starting or stopping it, waiting';
  return withLock(layout.lock, { log, message }, async () => {
    const envoyFile = 'file' in envoy ? envoy.file : '';
    const { client, server, ports } = await startControlPlane({ layout, binaries: programs, envoy: envoyFile, log });
    const { kubeconfig, stateDir } = layout;
    const env = kubectlEnvironment(kubeconfig, layout.kubectlCache);
    const { gitVersion } = versionSchema.parse(JSON.parse((await client.get('kube-apiserver', '/version')) ?? '{}'));
    const lab: Lab = {
      stateDir,
      kubeconfig,
      context: CONTEXT,
      kubectl: programs.kubectl,
      programs,
      charts,
      ...('missing' in envoy ? { noEnvoy: envoy.missing } : {}),
      nodePort: ports['lab-node'],
      egressPort: ports.egress,
      server,
      version: gitVersion,
      env,
    };
    await prepareCluster(lab, log);
    await podsAnswer(lab, log);
    return lab;
  });
}
