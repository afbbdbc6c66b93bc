import { createServer, type IncomingMessage } from 'node:http';
import type { Backend, Seen } from './backends';

/** The process of the stub applications; `backends.ts` starts it with the list of them, and ends it by disconnecting. */
process.once('message', (backends: Backend[]) => void listenAll(backends));
process.once('disconnect', () => process.exit(0));

async function listenAll(backends: readonly Backend[]): Promise<void> {
  const all = backends.flatMap((backend) => backend.ports.map((port) => listen(backend, port)));
  const said = await Promise.all(all).then(
    () => 'listening',
    (error: unknown) => String(error),
  );
  process.send?.(said);
}

function listen({ name, address }: Backend, port: number): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(seen(name, port, request)));
  });
  // Node closes idle connections after 5 s, even when a proxy is just sending the next request.
  server.keepAliveTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve());
  });
}

function seen(who: string, port: number, { method = '', url = '', headers }: IncomingMessage): Seen {
  const texts = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  return { who, port, method, path: url, authority: headers.host ?? '', headers: Object.fromEntries(texts) };
}
