import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import * as z from 'zod';
import { userRoot } from '../../../runtime/project-root';
import { labProcessNames, type LabProcessName } from '../binaries/programs';

/** The files and folders of a lab. */
export interface Layout {
  readonly stateDir: string;
  /** The ports of the lab, as JSON. */
  readonly settings: string;
  /** Held while the lab is started or stopped. */
  readonly lock: string;
  readonly etcd: string;
  /** How the API server reaches webhooks, pods and nodes. */
  readonly egress: string;
  readonly prometheus: string;
  readonly prometheusConfig: string;
  /** Folder of lab-node: bootstrap files and logs of the pods' processes. */
  readonly node: string;
  readonly kubectlCache: string;
  /** The states of the stacks on the lab; Pulumi's backend. */
  readonly stacks: string;
  readonly pki: string;
  /** The administrator's kubeconfig, for kubectl, Pulumi and people. */
  readonly kubeconfig: string;
  readonly logs: string;
  readonly logOf: (name: LabProcessName) => string;
  readonly kubeconfigOf: (name: LabProcessName) => string;
}

/** The files and folders of the lab of this project. */
export function layoutOf(root: string = userRoot): Layout {
  const stateDir = path.resolve(root, '.lab');
  const at = (...parts: string[]): string => path.join(stateDir, ...parts);
  return {
    stateDir,
    settings: at('lab.json'),
    lock: at('lock'),
    etcd: at('etcd'),
    egress: at('egress.yaml'),
    prometheus: at('prometheus'),
    prometheusConfig: at('prometheus.yaml'),
    node: at('node'),
    kubectlCache: at('kubectl-cache'),
    stacks: at('pulumi', 'backend'),
    pki: at('pki'),
    kubeconfig: at('kubeconfig'),
    logs: at('logs'),
    logOf: (name) => at('logs', `${name}.log`),
    kubeconfigOf: (name) => at('kubeconfigs', name),
  };
}

/** Ports on 127.0.0.1: one for each process, etcd's port for peers, and two more of lab-node. */
export type Ports = Readonly<Record<LabProcessName | 'etcd-peer' | 'egress' | 'kubelet', number>>;

const portNames = [...labProcessNames, 'etcd-peer', 'egress', 'kubelet'] as const satisfies readonly (keyof Ports)[];

const port = z.int().min(1).max(65535);
const settings = z.object({
  ports: z
    .object(Object.fromEntries(portNames.map((name) => [name, port])) as Record<keyof Ports, typeof port>)
    .refine((ports) => new Set(Object.values(ports)).size === portNames.length),
});

/** The ports of a lab; undefined before its first start, and when the file is damaged: then new ports are chosen. */
export async function readPorts(layout: Layout): Promise<Ports | undefined> {
  try {
    return settings.parse(JSON.parse(await readFile(layout.settings, 'utf8'))).ports;
  } catch {
    return undefined;
  }
}

export async function writePorts(layout: Layout, ports: Ports): Promise<void> {
  await replaceFile(layout.settings, `${JSON.stringify({ ports }, undefined, 2)}\n`);
}

/** Writes a file atomically. Replaces anything else at that path. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.draft`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, file).catch(async () => {
    await rm(file, { recursive: true, force: true });
    await rename(draft, file);
  });
}

function listen(number: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(number, '127.0.0.1', () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has a port.');
  return address.port;
}

/** Whether no process listens on this port of 127.0.0.1. */
export async function isFree(number: number): Promise<boolean> {
  try {
    await close(await listen(number));
    return true;
  } catch {
    return false;
  }
}

/** Free ports, all different. */
export async function choosePorts(): Promise<Ports> {
  // All listen at once, so that the system cannot hand out a port twice.
  const servers = await Promise.all(portNames.map(() => listen(0)));
  const ports = servers.map(portOf);
  await Promise.all(servers.map(close));
  return Object.fromEntries(portNames.map((name, index) => [name, ports[index]])) as Ports;
}
