import { mkdir } from 'node:fs/promises';
import type { LabProcessName, Log } from '../types';
import { labProcessNames } from '../types';
import { bringUp } from './bring-up';
import { commands } from './commands';
import { newClient } from './health';
import type { Client } from './health';
import { writeKubeconfig } from './kubeconfig';
import type { Layout } from './layout';
import { ensurePki } from './pki';
import { choosePorts, isFree } from './ports';
import type { Ports } from './ports';
import { findRunning, stopRunning } from './running';
import type { Running } from './running';
import { readPorts, writePorts } from './settings';

export interface ControlPlaneOptions {
  readonly layout: Layout;
  /** Absolute path of each program. */
  readonly binaries: Readonly<Record<LabProcessName, string>>;
  readonly admissionWebhooks: boolean;
  readonly log: Log;
}

export interface StartedControlPlane {
  readonly client: Client;
  /** `https://127.0.0.1:<port>` of the API server. */
  readonly server: string;
}

async function someTaken(ports: Ports, running: Running): Promise<boolean> {
  const idle = labProcessNames.filter((name) => running[name].length === 0);
  const needed = idle.flatMap((name) => (name === 'etcd' ? [ports.etcd, ports['etcd-peer']] : [ports[name]]));
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
  const { layout, binaries, admissionWebhooks, log } = options;
  await mkdir(layout.logs, { recursive: true, mode: 0o700 });
  const { pki, isNew } = await ensurePki(layout.pki);
  if (isNew) await stopRunning(await findRunning(layout)); // They trust certificates that are gone.
  const ports = await settlePorts(layout, await findRunning(layout), log);
  const server = `https://127.0.0.1:${ports['kube-apiserver']}`;
  await writeKubeconfig(layout.kubeconfig, server, pki, 'admin');
  await writeKubeconfig(layout.kubeconfigOf('kwok'), server, pki, 'admin');
  for (const name of ['kube-controller-manager', 'kube-scheduler'] as const) {
    await writeKubeconfig(layout.kubeconfigOf(name), server, pki, name);
  }

  const client = await newClient(ports, pki);
  const running = await findRunning(layout);
  const args = commands({ layout, ports, pki, admissionWebhooks });
  const up = (name: LabProcessName) =>
    bringUp({ name, program: binaries[name], args: args[name], running: running[name], layout, client, log });
  await up('etcd');
  await up('kube-apiserver');
  await Promise.all((['kube-controller-manager', 'kube-scheduler', 'kwok'] as const).map(up));
  return { client, server };
}
