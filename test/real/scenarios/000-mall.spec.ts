import assert from 'node:assert/strict';
import { counts, near } from './counts';
import { Stage } from './stage';

describe('walkthrough 000, traffic', function () {
  this.timeout(600_000);
  let stage: Stage;
  before(async function () {
    stage = await Stage.start(this, 'default');
  });
  after(() => stage?.stop());

  it('D000.1 /orders: 200 through the gateway, the application sees /', async () => {
    await stage.to('000');
    const { status, headers, body } = await stage.atGateway('/orders');
    assert.equal(status, 200);
    assert.equal(headers['server'], 'istio-envoy');
    assert.equal(headers['content-type'], 'application/hal+json');
    assert.match(String(headers['x-envoy-upstream-service-time']), /^\d+$/);
    assert.deepEqual(JSON.parse(body), { app: 'order', path: '/' });
  });

  it('D000.2 /deliveries and /products answer; what no match names is 404 from Envoy', async () => {
    for (const [path, app] of [
      ['/deliveries', 'delivery'],
      ['/products', 'product'],
    ] as const) {
      assert.deepEqual(JSON.parse((await stage.atGateway(path)).body), { app, path: '/' });
    }
    for (const path of ['/', '/orders/1', '/none']) {
      const { status, headers, body } = await stage.atGateway(path);
      assert.deepEqual([path, status, headers['server'], body], [path, 404, 'istio-envoy', '']);
    }
  });

  it('D000.3 weight 0: the canary gets nothing; with versions that differ and 80/20, its fifth', async () => {
    await stage.to('000');
    const ask = async () => String((await stage.atGateway('/orders')).status);
    assert.deepEqual(await counts(100, ask), { '200': 100 });
    assert.equal(await stage.statistic('gateway', 'outbound|8080|canary|order', 'upstream_rq_total'), 0);
    const routes = await stage.admin('gateway', '/config_dump?resource=dynamic_route_configs');
    assert.ok(routes.includes('outbound|8080|stable|order.') && !routes.includes('outbound|8080|canary|order.'));
    await stage.to('000/canary-by-version');
    assert.deepEqual(await counts(1000, ask), { '200': 1000 });
    const stable = stage.stubs.log.filter(({ pod }) => pod === 'order-stable-0').length;
    near('stable of 1000', stable, 800, 38);
  });

  it('D000.4 ports without a name: the protocol is sniffed, and HTTP routes hold', async () => {
    // All services on one machine share the listener of a sniffed port, which a cluster gives each at its own address: so there is only one here.
    const off = { install: false };
    await stage.to('000', {
      'meshwright:apps': { mall: { workloads: { delivery: off, product: off } } },
      'meshwright:routes': { default: { delivery: null, product: null } },
    });
    const rewritten = await stage.atGateway('/orders');
    const { status, headers, body } = await stage.fromClient('order', 8080, { path: '/inside' });
    assert.deepEqual([rewritten.status, status], [200, 200]);
    assert.equal(headers['server'], 'envoy');
    assert.deepEqual(JSON.parse(body), { app: 'order', path: '/inside' });
    assert.deepEqual(
      stage.stubs.log.map(({ path }) => path),
      ['/', '/inside'],
    );
  });
});
