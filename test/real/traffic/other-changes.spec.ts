import assert from 'node:assert/strict';
import type { RouteSettings } from '../../../mesh/manifests/settings';
import { shopHost, shopRoute } from './shop';
import { LoadedStack, type Weights } from './loaded-stack';
import { stepByStep } from '../../support/step-by-step';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';

/** Changes of a route other than weights. Each test depends on the ones before it. */
describe('changes of another sort under load, with the real Pulumi, istiod and Envoys', function () {
  this.timeout(3_600_000);
  stepByStep(this);
  let shop: LoadedStack;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    shop = await LoadedStack.start(this, ['v1', 'v2', 'v3']);
  });

  after(() => (shop as LoadedStack | undefined)?.stop());

  const up = async (route: RouteSettings): Promise<void> => {
    shop.configureRoutes({ reviews: route });
    await shop.up();
  };
  const http = (weights: Weights, more: RouteSettings = {}): RouteSettings =>
    shopRoute({ versions: Object.keys(weights), weights, ...more });
  const virtualServices = (namespace: string): string[] => shop.cluster.names('virtualservices', namespace);

  it('loses no connection when versions of a tcp route come, shift and go', async () => {
    const tcp = (weights: Weights): RouteSettings => ({
      host: shopHost,
      versions: Object.keys(weights),
      port: 9090,
      tcp: [{ match: [{ port: 9090 }], weights }],
    });
    await up(tcp({ v1: 70, v2: 30 }));
    const { failed, byMesh } = await shop.underLoad('tcp', async () => {
      await up(tcp({ v1: 50, v2: 30, v3: 20 }));
      await up(tcp({ v1: 10, v2: 30, v3: 60 }));
      await up(tcp({ v2: 30, v3: 70 }));
      await up(tcp({ v1: 100 }));
    });
    assert.deepEqual({ failed, byMesh }, { failed: 0, byMesh: {} });
    assert.deepEqual(shop.rules(), ['reviews.v1']);
  });

  it('loses no request when the VirtualService is renamed, and gets another host and gateway', async () => {
    await up(http({ v1: 50, v2: 50 }));
    const { byMesh } = await shop.underLoad('gateway', async () => {
      await up(http({ v1: 50, v2: 50 }, { virtualService: { name: 'renamed' } }));
      assert.deepEqual(virtualServices('shop'), ['renamed']);
      await up(http({ v1: 40, v2: 60 }, { virtualService: { name: 'renamed' }, hosts: [shopHost, 'shop.example'] }));
      await up(http({ v1: 40, v2: 60 }, { virtualService: { name: 'again' }, gateways: ['shop/edge-0', 'mesh'] }));
      assert.deepEqual(virtualServices('shop'), ['again']);
      await up(http({ v3: 100 }, { virtualService: { name: 'last' } }));
    });
    assert.deepEqual(byMesh, {});
    assert.deepEqual([virtualServices('shop'), shop.rules()], [['last'], ['reviews.v3']]);
  });

  it('loses no request when the route moves to the root namespace and back', async () => {
    const route = http({ v1: 60, v2: 40 }, { gateways: ['shop/edge-0', 'mesh'] });
    const move = async (namespace: string): Promise<void> => {
      shop.configureStack({
        namespaces: { shop: { existing: true }, 'istio-system': { existing: true } },
        routes: { [namespace]: { reviews: route } },
      });
      await shop.up();
    };
    await move('shop');
    const { byMesh } = await shop.underLoad('gateway', async () => {
      await move('istio-system');
      assert.deepEqual([virtualServices('shop'), virtualServices('istio-system')], [[], ['reviews']]);
      await move('shop');
      assert.deepEqual([virtualServices('shop'), virtualServices('istio-system')], [['reviews'], []]);
    });
    assert.deepEqual(byMesh, {});
  });

  it('fails in the set time when proxies have the route but not what it sends requests to', async () => {
    const route = (port: number): RouteSettings => http({ v1: 60, v2: 40 }, { port });
    shop.configureRoutes({ reviews: route(9) }, { timeoutSeconds: 4 });
    const { status, output } = await shop.stack.begin('up').ended;
    assert.notEqual(status, 0);
    for (const proxy of ['edge-0', 'client-0', 'client-1']) {
      const why =
        'answers 503, as it has no outbound\\|9\\|v1\\|reviews\\.shop\\.svc\\.cluster\\.local, outbound\\|9\\|v2\\|';
      assert.match(output, new RegExp(`${proxy}\\.shop: ${why}`));
    }
    await up(route(9080));
  });
});
