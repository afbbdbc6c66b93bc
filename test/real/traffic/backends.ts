import { createServer, type IncomingMessage, type Server } from 'node:http';

/** A stub application: one address with one or more ports. */
export interface Backend {
  /** Who it says it is, e.g. `reviews v1`. */
  name: string;
  /** In 127.0.0.0/8, its own. */
  address: string;
  ports: number[];
}

/** What a backend saw. */
export interface Seen {
  who: string;
  port: number;
  method: string;
  path: string;
  authority: string;
  headers: Record<string, string>;
}

/** Starts stub applications that answer every request with {@link Seen} as JSON; the result stops them. */
export async function startBackends(backends: readonly Backend[]): Promise<() => Promise<void>> {
  const servers = await Promise.all(backends.flatMap((backend) => backend.ports.map((port) => listen(backend, port))));
  return async () => {
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
}

function listen({ name, address }: Backend, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(seen(name, port, request)));
  });
  // Node closes idle connections after 5 s, also while a proxy is sending the next request on them.
  server.keepAliveTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve(server));
  });
}

function seen(who: string, port: number, { method = '', url = '', headers }: IncomingMessage): Seen {
  const texts = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  return { who, port, method, path: url, authority: headers.host ?? '', headers: Object.fromEntries(texts) };
}
