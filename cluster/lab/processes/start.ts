import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { KubernetesApi } from '../../api';
import { type HealthClient, newClient, nodes } from '../health';
import { labProcessNames, type LabProcessName } from '../binaries/programs';
import { LabError, type Log } from '../types';
import { commands, markOf } from './commands';
import { choosePorts, isFree, readPorts, replaceFile, writePorts, type Layout, type Ports } from './layout';
import { ensurePki, writeKubeconfig, type Pki } from './pki';
import { findMarked, logTail, processTable, startDetached, stopProcess, type RunningProcess } from './table';

/** Longest time, in milliseconds, for a process to answer after its start. */
const startMs = 60_000;
/** Longest time for a process that was running before; after it the process counts as hung. */
const hungMs = 10_000;

export interface StartOptions {
  readonly layout: Layout;
  /** Absolute path of each program. */
  readonly programs: Readonly<Record<LabProcessName | 'pilot-discovery', string>>;
  /** Absolute path of Envoy; '' for none. */
  readonly envoy: string;
  readonly log: Log;
}

interface StartedProcesses {
  readonly client: HealthClient;
  /** `https://127.0.0.1:<port>` of the API server. */
  readonly server: string;
  readonly ports: Ports;
}

/** How often the lab chooses new ports because another program took one before its server listened. */
const portChoices = 3;

/** Starts the processes that do not run as they should, and returns when all answer. The others are left alone. */
export async function startProcesses(options: StartOptions): Promise<StartedProcesses> {
  const { layout, log } = options;
  await mkdir(layout.logs, { recursive: true, mode: 0o700 });
  for (let choice = 1; ; choice++) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (!(error instanceof StartError) || !error.isPortTaken || choice === portChoices) throw error;
      log(`lab: another program has taken a port of ${error.process}, choosing new ones`);
      await stopRunning(await findRunning(layout));
      await writePorts(layout, await choosePorts());
    }
  }
}

async function startOnce({ layout, programs, envoy, log }: StartOptions): Promise<StartedProcesses> {
  const { pki, made } = await ensurePki(layout.pki);
  if (made === 'replaced') log('lab: its certificates are damaged or expired, making new ones');
  if (made !== undefined) await stopRunning(await findRunning(layout)); // They use the old certificates.
  const ports = await settlePorts(layout, await findRunning(layout), log);
  const server = `https://127.0.0.1:${ports['kube-apiserver']}`;
  await writeConfiguration(layout, ports, pki, server);

  const client = await newClient(ports, pki);
  const running = await findRunning(layout);
  const args = commands({ layout, ports, pki, pilotDiscovery: programs['pilot-discovery'], envoy });
  const up = (name: LabProcessName, found = running[name], beforeStart?: () => Promise<void>): Promise<boolean> =>
    bringUp({ name, program: programs[name], args: args[name], running: found, layout, client, log, beforeStart });
  const started = [await up('etcd'), await up('kube-apiserver')];
  const watchers = ['kube-controller-manager', 'kube-scheduler', 'kwok', 'lab-node'] as const;
  // After an error they wait up to half a minute before they watch again, so they restart with the API server.
  if (started.includes(true)) await Promise.all(watchers.flatMap((name) => running[name]).map(stopProcess));
  const found = (name: LabProcessName): readonly RunningProcess[] => (started.includes(true) ? [] : running[name]);
  const results = await Promise.allSettled([
    ...watchers.map((name) => up(name, found(name), name === 'kwok' ? () => removeLeases(layout) : undefined)),
    up('prometheus').catch((error: unknown) => {
      if (error instanceof StartError && error.isPortTaken) throw error;
      // No other process depends on Prometheus.
      log(`lab: continuing without Prometheus: ${(error as Error).message}`);
    }),
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return { client, server, ports };
}

/**
 * The ports of the last start; new ones when there are none or another program uses one: then no process may continue
 * with the old ones.
 */
async function settlePorts(layout: Layout, running: Running, log: Log): Promise<Ports> {
  const known = await readPorts(layout);
  if (known !== undefined && !(await someTaken(known, running))) return known;
  if (known !== undefined) log('lab: another program has taken one of its ports, choosing new ones');
  await stopRunning(running);
  const ports = await choosePorts();
  await writePorts(layout, ports);
  return ports;
}

/** Ports of a process besides the port with its name. */
const morePorts: Partial<Record<LabProcessName, (keyof Ports)[]>> = {
  etcd: ['etcd-peer'],
  'lab-node': ['egress', 'kubelet'],
};

async function someTaken(ports: Ports, running: Running): Promise<boolean> {
  const idle = labProcessNames.filter((name) => running[name].length === 0);
  const needed = idle.flatMap((name) => [ports[name], ...(morePorts[name] ?? []).map((more) => ports[more])]);
  return (await Promise.all(needed.map(isFree))).includes(false);
}

async function writeConfiguration(layout: Layout, ports: Ports, pki: Pki, server: string): Promise<void> {
  await writeKubeconfig(layout.kubeconfig, server, pki, 'admin');
  for (const name of ['kwok', 'lab-node'] as const)
    await writeKubeconfig(layout.kubeconfigOf(name), server, pki, 'admin');
  for (const name of ['kube-controller-manager', 'kube-scheduler'] as const)
    await writeKubeconfig(layout.kubeconfigOf(name), server, pki, name);
  await replaceFile(layout.egress, egressSelector(ports.kubelet, pki));
  await replaceFile(layout.prometheusConfig, prometheusConfig(ports['lab-node']));
}

/** Requests of the API server to webhooks, pods and nodes go through lab-node's HTTP proxy, since pods have no addresses on this machine. */
function egressSelector(port: number, pki: Pki): string {
  const { certificate: clientCert, key: clientKey } = pki.client('admin');
  const tlsConfig = { caBundle: pki.authority, clientCert, clientKey };
  const tcp = { url: `https://127.0.0.1:${port}`, tlsConfig };
  const connection = { proxyProtocol: 'HTTPConnect', transport: { tcp } };
  return stringify({
    apiVersion: 'apiserver.k8s.io/v1beta1',
    kind: 'EgressSelectorConfiguration',
    egressSelections: [{ name: 'cluster', connection }],
  });
}

/** lab-node counts the requests of all proxies, so it is the only target. */
function prometheusConfig(port: number): string {
  return stringify({
    global: { scrape_interval: '2s' },
    scrape_configs: [{ job_name: 'mesh', honor_labels: true, static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
  });
}

/** A new kwok would wait until the leases of the one before expire, and play no pod of their nodes until then. */
async function removeLeases({ kubeconfig }: Layout): Promise<void> {
  const api = KubernetesApi.open({ kubeconfig });
  const leases = nodes.map(({ metadata: { name } }) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'kube-node-lease', name },
  }));
  await Promise.all(leases.map((lease) => api.remove(lease)));
}

/** Running processes of a lab, by name. More than one of a name is a leftover. */
type Running = Readonly<Record<LabProcessName, readonly RunningProcess[]>>;

export async function findRunning(layout: Layout): Promise<Running> {
  const table = await processTable();
  return Object.fromEntries(
    labProcessNames.map((name) => [name, findMarked(table, { program: name, argument: markOf(name, layout) })]),
  ) as Record<LabProcessName, RunningProcess[]>;
}

/** Stops processes, clients before servers. Returns the names of those that ran. */
export async function stopRunning(running: Running): Promise<LabProcessName[]> {
  const stopped = labProcessNames.toReversed().filter((name) => running[name].length > 0);
  const stop = (names: readonly LabProcessName[]) =>
    Promise.all(names.flatMap((name) => running[name]).map(stopProcess));
  await stop(stopped.filter((name) => name !== 'etcd' && name !== 'kube-apiserver'));
  await stop(stopped.filter((name) => name === 'kube-apiserver'));
  await stop(stopped.filter((name) => name === 'etcd'));
  return stopped;
}

interface BringUp {
  readonly name: LabProcessName;
  /** Absolute path of the program. */
  readonly program: string;
  readonly args: readonly string[];
  readonly running: readonly RunningProcess[];
  readonly layout: Layout;
  readonly client: HealthClient;
  readonly log: Log;
  readonly beforeStart: (() => Promise<void>) | undefined;
}

/** Makes sure that exactly one process runs with these arguments, and that it answers. Returns whether it was started. */
async function bringUp(what: BringUp): Promise<boolean> {
  const { name, program, args, running, log } = what;
  const wanted = [program, ...args].join(' ');
  const keep = running.find(({ commandLine }) => commandLine === wanted);
  const others = running.filter((one) => one !== keep);
  if (keep === undefined && others.length > 0) log(`lab: ${name} runs with other settings, restarting it`);
  await Promise.all(others.map(stopProcess));
  if (keep !== undefined) {
    if (await becomesHealthy(what, hungMs)) return false;
    log(`lab: ${name} (pid ${keep.pid}) does not answer, restarting it`);
    await stopProcess(keep);
  }
  await what.beforeStart?.();
  await start(what);
  return true;
}

async function becomesHealthy({ name, client }: BringUp, milliseconds: number, child?: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (!(await client.isHealthy(name))) {
    const ended = child !== undefined && (child.exitCode !== null || child.signalCode !== null);
    if (ended || Date.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

async function start(what: BringUp): Promise<void> {
  const { name, program, args, layout, log } = what;
  const began = Date.now();
  const child = await startDetached(program, args, { logFile: layout.logOf(name), cwd: layout.stateDir }).catch(
    (error: unknown) => {
      throw new StartError(name, `${name} cannot be run: ${(error as Error).message}`);
    },
  );
  if (await becomesHealthy(what, startMs, child)) {
    log(`lab: ${name} started (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    return;
  }
  const ending = child.signalCode ?? child.exitCode;
  if (ending === null) child.kill('SIGKILL');
  const fate = ending === null ? `does not answer after ${startMs / 1000} s` : `ended at once (${ending})`;
  const tail = await logTail(layout.logOf(name));
  throw new StartError(
    name,
    [`${name} ${fate}. The end of its log ${layout.logOf(name)}:`, tail, ...hint(name, tail)].join('\n'),
    ending !== null && /address already in use/i.test(tail),
  );
}

/** A process of the lab that does not start. */
export class StartError extends LabError {
  constructor(
    readonly process: LabProcessName,
    message: string,
    /** Whether another program listens on one of its ports. */
    readonly isPortTaken = false,
  ) {
    super(message);
  }
}

/** The one command that repairs it. */
function hint(name: LabProcessName, tail: string): string[] {
  if (/no space left on device/i.test(tail)) return ['The disk is full: free some space, then run the command again.'];
  if (name !== 'etcd' && name !== 'kube-apiserver') return [];
  return [
    "If the lab's data is damaged, `npx meshwright lab down --purge` removes it, with all stacks on the lab. The next start makes a new lab.",
  ];
}
