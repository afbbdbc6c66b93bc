import { createServer, type AddressInfo, type Server } from 'node:net';
import type { Connection } from './connection';
import { ClusterError } from './errors';
import { clientNode } from './kubeconfig';

/** A port of a pod, on 127.0.0.1 of this machine. */
interface ForwardedPort {
  port: number;
  /** Why the last port-forward failed: the client of the port only sees its connection closed. */
  failure: () => ClusterError | undefined;
  close: () => void;
}

/** The members in use of the library's WebSocket, whose types are in a package that is not installed. */
interface WebSocket {
  close(): void;
  on(event: 'close', listener: () => void): void;
}

/** Longest time, in milliseconds, until the API server has opened a port-forward. */
const openTimeoutMs = 10_000;

/** Listens on a free port, and opens a port-forward for each connection: the library forwards one connection only. */
export async function forwardPort(
  { config }: Connection,
  pod: { namespace: string; name: string },
  port: number,
): Promise<ForwardedPort> {
  const { namespace, name } = pod;
  const { PortForward } = await clientNode().loadPortForward();
  const forward = new PortForward(config);
  let failure: ClusterError | undefined;
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    const timer = setTimeout(() => {
      failure = new ClusterError(
        'unreachable',
        `no port-forward to ${namespace}/${name} within ${openTimeoutMs / 1000} s`,
      );
      socket.destroy();
    }, openTimeoutMs);
    forward
      .portForward(namespace, name, [port], socket, null, socket)
      .then(
        (opened) => {
          const connection = opened as unknown as WebSocket;
          if (socket.destroyed) connection.close();
          socket.on('close', () => connection.close());
          connection.on('close', () => socket.destroy());
        },
        (error: unknown) => {
          failure = refusal(namespace, name, error);
          socket.destroy();
        },
      )
      .finally(() => clearTimeout(timer));
  });
  return { port: await listen(server), failure: () => failure, close: () => server.close() };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function refusal(namespace: string, name: string, error: unknown): ClusterError {
  const { message = '' } = error as { message?: string };
  const reason = message === '' ? String(error) : message;
  return /\b(401|403)\b/.test(reason)
    ? new ClusterError(
        'forbidden',
        `the cluster does not let you forward a port to ${namespace}/${name}: you need to create pods/portforward there (${reason})`,
      )
    : new ClusterError('unreachable', `no port-forward to ${namespace}/${name}: ${reason}`);
}
