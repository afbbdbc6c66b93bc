import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { labProcessNames, type LabProcessName } from '../types';

/** Ports on 127.0.0.1: one per process, the one etcd wants for peers it does not have, and two more of the node. */
export type Ports = Readonly<Record<LabProcessName | 'etcd-peer' | 'egress' | 'kubelet', number>>;

export const portNames = [
  ...labProcessNames,
  'etcd-peer',
  'egress',
  'kubelet',
] as const satisfies readonly (keyof Ports)[];

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
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

/** Whether nobody listens on this port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  try {
    await close(await listen(port));
    return true;
  } catch {
    return false;
  }
}

/** Ports that are free now, all different. */
export async function choosePorts(): Promise<Ports> {
  // All are held before any is let go: the system then cannot hand out one twice.
  const servers = await Promise.all(portNames.map(() => listen(0)));
  const ports = servers.map(portOf);
  await Promise.all(servers.map(close));
  return Object.fromEntries(portNames.map((name, index) => [name, ports[index]])) as Ports;
}
