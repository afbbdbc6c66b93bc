import assert from 'node:assert/strict';
import { LoadedStack } from './loaded-stack';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';

/** Each takes three updates of several seconds; MESHWRIGHT_CYCLES asks for more. */
const cycles = Number(process.env['MESHWRIGHT_CYCLES'] ?? 2);
const versions = ['v1', 'v2', 'v3'];

describe('updates of a stack under load, with the real Pulumi, istiod and Envoys', function () {
  this.timeout(3_600_000);
  let shop: LoadedStack;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    shop = await LoadedStack.start(this, versions);
  });

  after(() => (shop as LoadedStack | undefined)?.stop());

  it('comes up, and says what is live', async () => {
    shop.configure({ v1: 70, v2: 30 });
    assert.match(await shop.up(), /route shop\/reviews: live on 3 of 3 proxies after [\d.]+ s, v1 70 %, v2 30 %/);
  });

  it(`loses no request in ${cycles} cycles of adding, shifting and removing over three versions`, async () => {
    const { byMesh } = await shop.underLoad('gateway', async () => {
      for (let cycle = 0; cycle < cycles; cycle++) {
        const [old = '', kept = '', added = ''] = [0, 1, 2].map((offset) => versions[(cycle + offset) % 3] ?? '');
        for (const weights of [
          { [old]: 60, [kept]: 30, [added]: 10 },
          { [old]: 10, [kept]: 30, [added]: 60 },
          { [kept]: 30, [added]: 70 },
        ]) {
          shop.configure(weights);
          await shop.up();
        }
      }
    });
    assert.deepEqual(byMesh, {});
  });

  it('fails in the set time when a proxy is held back, names it, and keeps what it still uses until it is back', async () => {
    shop.configure({ v1: 50, v3: 50 });
    await shop.up();
    const held = shop.mesh.proxies.get('client-1');
    assert.ok(held);
    shop.configure({ v1: 100 }, { timeoutSeconds: 4 });
    held.process.kill('SIGSTOP');
    try {
      for (const attempt of ['first', 'second']) {
        const { status, output } = await shop.stack.begin('up').ended;
        assert.notEqual(status, 0, attempt);
        assert.match(
          output,
          /route shop\/reviews is not live after 4\.\d s: 1 proxy lags\s+client-1\.shop: has not acknowledged its routes/,
        );
        assert.deepEqual(shop.rules(), ['reviews.v1', 'reviews.v3'], attempt);
      }
    } finally {
      held.process.kill('SIGCONT');
    }
    await shop.up();
    assert.deepEqual(shop.rules(), ['reviews.v1']);
  });

  it('loses no request in the mesh when a route goes, moves and comes back, nor on destroy', async () => {
    const { byMesh } = await shop.underLoad('sidecar', async () => {
      for (const weights of [undefined, { v1: 50, v2: 50 }, undefined, { v3: 100 }]) {
        shop.configure(weights);
        await shop.up();
      }
      const { status, output } = await shop.stack.begin('destroy').ended;
      assert.equal(status, 0, output);
    });
    assert.deepEqual(byMesh, {});
    assert.deepEqual([shop.rules(), shop.cluster.names('virtualservices', 'shop')], [[], []]);
  });
});
