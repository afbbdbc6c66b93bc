import { existsSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { KubernetesApi } from '../api';
import { ensurePrograms, type Installed, removeDamaged } from './binaries';
import { labProcessNames } from './binaries/programs';
import { withLock } from './lock';
import { ensureNodes, type HealthClient, newClient } from './health';
import { layoutOf, readPorts, type Layout, type Ports } from './processes/layout';
import { existingPki, labContext } from './processes/pki';
import { findRunning, StartError, startProcesses, stopRunning } from './processes/start';
import {
  LabError,
  type Lab,
  type LabDownOptions,
  type LabLocation,
  type LabStatus,
  type LabUpOptions,
  type Log,
} from './types';

const lockMessage = 'lab: another program is starting or stopping it, waiting';

/** Longest wait for the pods of an earlier run, and the time between two requests, in milliseconds. */
const podsMs = 60_000;
const pauseMs = 100;
/** Longest wait for one response of lab-node. */
const responseMs = 5_000;

const versionSchema = z.object({ gitVersion: z.string() });

/**
 * Starts the processes that are not running, and returns when the API server answers and nodes and pods are Ready. Builds missing programs first. Processes that run as they should are left alone.
 * @throws LabError when a program cannot be built or does not start, with the end of its output
 */
export async function labUp({ log, root }: LabUpOptions): Promise<Lab> {
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new LabError(`The lab runs on Linux and macOS; this is ${process.platform}.`);
  }
  const layout = layoutOf(root);
  return withSystemErrors(async () => {
    await mkdir(layout.stateDir, { recursive: true, mode: 0o700 });
    const installed = await ensurePrograms(log);
    return withLock(layout.lock, { log, message: lockMessage }, () =>
      start(layout, installed, log).catch(async (error: unknown) => {
        // Only sizes are checked before: a damaged program of the right size shows when it does not start.
        if (!(error instanceof StartError) || !(await removeDamaged(log))) throw error;
        return start(layout, await ensurePrograms(log), log);
      }),
    );
  });
}

async function start(layout: Layout, { programs, charts, envoy }: Installed, log: Log): Promise<Lab> {
  const envoyFile = 'file' in envoy ? envoy.file : '';
  if (!existsSync(layout.etcd) && existsSync(layout.stacks)) {
    log('lab: the data of its cluster is gone, but not the stacks: `npm start -- --refresh` deploys a stack again');
  }
  const { client, server, ports } = await startProcesses({ layout, programs, envoy: envoyFile, log });
  const { gitVersion } = versionSchema.parse(JSON.parse((await client.get('kube-apiserver', '/version')) ?? '{}'));
  const { kubeconfig, stateDir } = layout;
  const lab: Lab = {
    stateDir,
    kubeconfig,
    context: labContext,
    kubectl: programs.kubectl,
    programs,
    charts,
    ...('missing' in envoy ? { noEnvoy: envoy.missing } : {}),
    nodePort: ports['lab-node'],
    egressPort: ports.egress,
    server,
    version: gitVersion,
    env: kubectlEnvironment(layout),
  };
  apis.delete(kubeconfig); // Certificates and ports may be new.
  await ensureNodes(labApi(lab), log);
  await podsAnswer(lab, log);
  return lab;
}

/** The environment in which kubectl and programs like it use the lab, and leave the home directory alone. */
function kubectlEnvironment({ kubeconfig, kubectlCache }: Layout): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: kubectlCache,
    KUBERC: 'off', // kubectl 1.34 and newer
    KUBECTL_KUBERC: 'false', // kubectl 1.33
  };
}

const nodeStatus = z.object({
  settled: z.boolean(),
  pods: z.array(z.object({ namespace: z.string(), name: z.string(), ready: z.boolean() })),
});

/** Waits until the processes of the pods answer: after a start of lab-node they come up one by one. */
async function podsAnswer({ nodePort }: Lab, log: Log): Promise<void> {
  const deadline = Date.now() + podsMs;
  let waiting = ['the list of pods'];
  while (Date.now() < deadline) {
    const status = await readNodeStatus(nodePort).catch(() => undefined);
    if (status?.settled === true) return;
    waiting = (status?.pods ?? []).filter(({ ready }) => !ready).map(({ namespace, name }) => `${namespace}/${name}`);
    await sleep(pauseMs);
  }
  log(`lab: not Ready after ${podsMs / 1000} s: ${waiting.join(', ')}`);
}

async function readNodeStatus(nodePort: number): Promise<z.infer<typeof nodeStatus>> {
  const response = await fetch(`http://127.0.0.1:${nodePort}/status`, { signal: AbortSignal.timeout(responseMs) });
  return nodeStatus.parse(await response.json());
}

/** Stops every process of the lab; with `purge` also removes what it has stored. Does nothing when there is no lab. */
export async function labDown({ log, root, purge = false }: LabDownOptions): Promise<void> {
  const layout = layoutOf(root);
  const stop = async (): Promise<void> => {
    const stopped = await stopRunning(await findRunning(layout));
    log(stopped.length === 0 ? 'lab: nothing runs' : `lab: ${stopped.join(', ')} stopped`);
  };
  await withSystemErrors(async () => {
    // The folder of a running lab may have been deleted.
    if (await isFolder(layout.stateDir)) await withLock(layout.lock, { log, message: lockMessage }, stop);
    else await stop();
    if (!purge) return;
    await rm(layout.stateDir, { recursive: true, force: true });
    log(`lab: ${layout.stateDir} removed`);
  });
}

/** Which processes run, and whether the API server answers. Starts nothing and changes nothing. */
export async function labStatus({ root }: LabLocation = {}): Promise<LabStatus> {
  const layout = layoutOf(root);
  const [running, ports, pki] = [await findRunning(layout), await readPorts(layout), existingPki(layout.pki)];
  const client = ports === undefined || pki === undefined ? undefined : await newClient(ports, pki);
  const version = await versionOf(client);
  return {
    stateDir: layout.stateDir,
    processes: labProcessNames.map((name) => {
      const pid = running[name][0]?.pid;
      return {
        name,
        running: pid !== undefined,
        ...(pid === undefined ? {} : { pid }),
        ...(ports === undefined ? {} : { port: ports[name] }),
        logFile: layout.logOf(name),
      };
    }),
    ...(ports === undefined ? {} : { proxy: `http://127.0.0.1:${ports.egress}` }),
    ...(existsSync(layout.kubeconfig) ? { kubeconfig: layout.kubeconfig } : {}),
    apiServer: {
      reachable: version !== undefined,
      ...(version === undefined ? {} : { version }),
      ...(ports === undefined ? {} : { url: `https://127.0.0.1:${ports['kube-apiserver']}` }),
    },
  };
}

async function versionOf(client: HealthClient | undefined): Promise<string | undefined> {
  const response = await client?.get('kube-apiserver', '/version');
  return response === undefined ? undefined : /"gitVersion":\s*"([^"]+)"/.exec(response)?.[1];
}

/** The ports of this project's lab; undefined before its first start. */
export function labPorts(): Promise<Ports | undefined> {
  return readPorts(layoutOf());
}

const apis = new Map<string, KubernetesApi>();

/**
 * The API server of a lab. Callers share its connections.
 * @throws ClusterError when the lab has no kubeconfig
 */
export function labApi({ kubeconfig }: Pick<Lab, 'kubeconfig'>): KubernetesApi {
  const api = apis.get(kubeconfig) ?? KubernetesApi.open({ kubeconfig });
  apis.set(kubeconfig, api);
  return api;
}

/** Reports a full disk or missing permissions as an error of the user's machine. */
async function withSystemErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    throw new LabError(`The lab cannot be used: ${message}.${advice(code)}`);
  }
}

function advice(code: string): string {
  if (['ENOSPC', 'EDQUOT'].includes(code)) {
    return ' The disk is full: free some space, then run the command again.';
  }
  if (!['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY'].includes(code)) return '';
  return " The lab's folder is damaged: `npx meshwright lab down --purge` removes it, with all stacks on the lab.";
}

async function isFolder(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isDirectory() === true;
}
