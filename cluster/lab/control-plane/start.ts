import { mkdir, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { LabProcessName, Log } from '../types';
import { labProcessNames } from '../types';
import { stopProcess } from '../processes';
import { bringUp } from './bring-up';
import { commands } from './commands';
import { newClient } from './health';
import type { Client } from './health';
import { writeKubeconfig } from './kubeconfig';
import type { Layout } from './layout';
import { ensurePki, type Pki } from './pki';
import { choosePorts, isFree } from './ports';
import type { Ports } from './ports';
import { findRunning, stopRunning } from './running';
import type { Running } from './running';
import { readPorts, writePorts } from './settings';

export interface ControlPlaneOptions {
  readonly layout: Layout;
  /** Absolute path of each program. */
  readonly binaries: Readonly<Record<LabProcessName | 'pilot-discovery', string>>;
  /** Absolute path of Envoy; '' for none. */
  readonly envoy: string;
  readonly log: Log;
}

export interface StartedControlPlane {
  readonly client: Client;
  /** `https://127.0.0.1:<port>` of the API server. */
  readonly server: string;
  readonly ports: Ports;
}

/** Ports of a process beside the one that bears its name. */
const morePorts: Partial<Record<LabProcessName, (keyof Ports)[]>> = {
  etcd: ['etcd-peer'],
  'lab-node': ['egress', 'kubelet'],
};

async function someTaken(ports: Ports, running: Running): Promise<boolean> {
  const idle = labProcessNames.filter((name) => running[name].length === 0);
  const needed = idle.flatMap((name) => [ports[name], ...(morePorts[name] ?? []).map((more) => ports[more])]);
  return (await Promise.all(needed.map(isFree))).includes(false);
}

/** The remembered ports, or new ones when there are none or one was taken meanwhile: then nothing may go on as it was. */
async function settlePorts(layout: Layout, running: Running, log: Log): Promise<Ports> {
  const remembered = await readPorts(layout);
  if (remembered !== undefined && !(await someTaken(remembered, running))) return remembered;
  if (remembered !== undefined) log('lab: another program has taken one of its ports, choosing new ones');
  await stopRunning(running);
  const ports = await choosePorts();
  await writePorts(layout, ports);
  return ports;
}

/** Starts what does not run as it should, and returns when all of it answers. What runs as it should is left alone. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<StartedControlPlane> {
  const { layout, binaries, envoy, log } = options;
  await mkdir(layout.logs, { recursive: true, mode: 0o700 });
  const { pki, isNew } = await ensurePki(layout.pki);
  if (isNew) await stopRunning(await findRunning(layout)); // They trust certificates that are gone.
  const ports = await settlePorts(layout, await findRunning(layout), log);
  const server = `https://127.0.0.1:${ports['kube-apiserver']}`;
  await writeKubeconfig(layout.kubeconfig, server, pki, 'admin');
  for (const name of ['kwok', 'lab-node'] as const)
    await writeKubeconfig(layout.kubeconfigOf(name), server, pki, 'admin');
  await writeFile(layout.egress, egressSelector(ports.kubelet, pki));
  await writeFile(layout.prometheusConfig, prometheusConfig(ports['lab-node']));
  for (const name of ['kube-controller-manager', 'kube-scheduler'] as const) {
    await writeKubeconfig(layout.kubeconfigOf(name), server, pki, name);
  }

  const client = await newClient(ports, pki);
  const running = await findRunning(layout);
  const args = commands({ layout, ports, pki, pilotDiscovery: binaries['pilot-discovery'], envoy });
  const up = (name: LabProcessName, found = running[name]) =>
    bringUp({ name, program: binaries[name], args: args[name], running: found, layout, client, log });
  const started = [await up('etcd'), await up('kube-apiserver')];
  const watchers = ['kube-controller-manager', 'kube-scheduler', 'kwok', 'lab-node'] as const;
  // After a failure they wait up to half a minute before they watch again, so they start anew with the API server.
  if (started.includes(true)) await Promise.all(watchers.flatMap((name) => running[name]).map(stopProcess));
  await Promise.all([
    ...watchers.map((name) => up(name, started.includes(true) ? [] : running[name])),
    // Nothing depends on it.
    up('prometheus').catch((error: unknown) => log(`lab: goes on without Prometheus: ${(error as Error).message}`)),
  ]);
  return { client, server, ports };
}

/** What the API server has for webhooks, pods and nodes goes through the node's HTTP proxy, since pods have no addresses of this machine. */
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

/** The node counts the requests of all proxies, so it is the one target. */
function prometheusConfig(port: number): string {
  return stringify({
    global: { scrape_interval: '2s' },
    scrape_configs: [{ job_name: 'mesh', honor_labels: true, static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
  });
}
