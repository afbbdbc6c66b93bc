import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '../../../cluster/lab/api/connection';
import { writeKubeconfig } from '../../../cluster/lab/control-plane/kubeconfig';
import { ensurePki } from '../../../cluster/lab/control-plane/pki';

describe('an API server that says "later"', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-later-'));
  let server: Server;
  let connection: Connection;
  let asked = 0;

  before(async () => {
    const { pki } = await ensurePki(join(folder, 'pki'));
    const [cert, key] = [readFileSync(pki.server.certificate), readFileSync(pki.server.key)];
    // What an API server says while it sets up its storage: to the first two questions of a test, and always to one of them.
    server = createServer({ cert, key }, ({ url }, response) => {
      asked += 1;
      const isLater = url === '/busy' || asked <= 2;
      response.statusCode = isLater ? 429 : 200;
      if (url === '/later') response.setHeader('retry-after', '0');
      response.end(JSON.stringify({ message: isLater ? 'storage is (re)initializing' : 'here' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const kubeconfig = join(folder, 'kubeconfig');
    const { port } = server.address() as AddressInfo;
    await writeKubeconfig(kubeconfig, `https://127.0.0.1:${port}`, pki, 'admin');
    connection = new Connection(kubeconfig);
  });

  after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is asked again when it says how long', async () => {
    asked = 0;
    assert.deepEqual(await connection.ask({ method: 'GET', path: '/later' }), {
      status: 200,
      body: { message: 'here' },
    });
    assert.equal(asked, 3);
  });

  it('is believed when it does not', async () => {
    asked = 0;
    const { status, body } = await connection.ask({ method: 'GET', path: '/busy' });
    assert.deepEqual([status, body, asked], [429, { message: 'storage is (re)initializing' }, 1]);
  });
});
