import { connect, createServer, type Server } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Request } from '../../../mesh/traffic/request';
import { outside } from '../../mesh/traffic/generated/world';
import { connectionBackendPort, connectionInstances } from '../../mesh/traffic/generated/connection-world';

/** Opens a connection to a proxy's port several times, and counts the servers that accept it; `closed` for none. */
export async function observeConnections(request: Request, times: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const first = await firstBytes(request);
  for (let sent = 0; sent < times; sent += 10) {
    const batch = Array.from({ length: Math.min(10, times - sent) }, () => taken(request.port, first));
    for (const who of await Promise.all(batch)) counts.set(who, (counts.get(who) ?? 0) + 1);
  }
  return counts;
}

async function firstBytes({ protocol, host, sni = host }: Request): Promise<Buffer> {
  if (protocol === 'tls') return clientHello(sni);
  return Buffer.from(protocol === 'http' ? `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n` : 'hello');
}

function taken(port: number, first: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(first));
    let answer = '';
    const done = (): void => {
      socket.destroy();
      resolve(answer === '' ? 'closed' : answer);
    };
    socket.setTimeout(5_000, done);
    socket.on('data', (chunk) => (answer += chunk.toString('utf8')));
    socket.on('error', done).on('close', done);
  });
}

const hellos = new Map<string, Promise<Buffer>>();

/** A TLS ClientHello with a server name, which is all that proxies read when they pass TLS through. */
function clientHello(name: string): Promise<Buffer> {
  const known = hellos.get(name) ?? madeHello(name);
  hellos.set(name, known);
  return known;
}

function madeHello(name: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        resolve(chunk);
        done();
      },
    });
    connectTls({ socket, servername: name }).on('error', () => undefined);
  });
}

/** Starts stub applications that answer every message with their name. The result stops them. */
export async function startConnectionBackends(): Promise<() => Promise<void>> {
  const servers = await Promise.all(
    [
      ...connectionInstances.map(({ service, version, address }) => ({ name: `${service} ${version}`, address })),
      outside,
    ].map(
      ({ name, address }) =>
        new Promise<Server>((resolve, reject) => {
          const server = createServer((socket) => {
            socket.on('error', () => undefined).once('data', () => socket.end(name));
          });
          server.once('error', reject).listen(connectionBackendPort, address, () => resolve(server));
        }),
    ),
  );
  return async () => {
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  };
}
