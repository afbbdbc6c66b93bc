import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers on 127.0.0.1 with pages as JSON, by their path, and with 404 to anything else. */
export async function debugPagesStub(pages: Record<string, unknown>): Promise<{ address: string; stop: () => void }> {
  const server = createServer(({ url = '' }, response) => {
    const page = pages[url];
    response.statusCode = page === undefined ? 404 : 200;
    response.end(JSON.stringify(page ?? null));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}
