import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves pages as JSON by their path on 127.0.0.1, and 404 for other paths. */
export async function endpointStub(pages: Record<string, unknown>): Promise<{ address: string; stop: () => void }> {
  const server = createServer(({ url = '' }, response) => {
    const page = pages[url];
    response.statusCode = page === undefined ? 404 : 200;
    response.end(JSON.stringify(page ?? null));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}
