import assert from 'node:assert/strict';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { counts, near } from './counts';
import { REQUEST_TEST_TIMEOUT_MS, Stage, workloadOf } from './stage';

/** The links of a service's HAL root. */
const rootOf = (body: string): string[] =>
  Object.keys((JSON.parse(body) as { _links: Record<string, unknown> })._links).filter((name) => name !== 'profile');

describe('sample 000 on the lab', function () {
  this.timeout(REQUEST_TEST_TIMEOUT_MS);
  let stage: Stage;
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    stage = await Stage.start(this, 'default');
    await stage.to('000');
    await stage.addClient();
  });
  after(() => stage?.stop());

  it('D000.1 answers /orders through the gateway, rewritten to /', async () => {
    const { status, headers, body } = await stage.atGateway('/orders');
    assert.equal(status, 200);
    assert.equal(headers['server'], 'istio-envoy');
    assert.equal(headers['content-type'], 'application/hal+json');
    assert.match(String(headers['x-envoy-upstream-service-time']), /^\d+$/);
    // The service answers its root only, so the path was rewritten.
    assert.deepEqual(rootOf(body), ['orders']);
  });

  it('D000.2 answers /deliveries and /products, and 404 for any other path', async () => {
    for (const path of ['/deliveries', '/products'])
      assert.deepEqual(rootOf((await stage.atGateway(path)).body), [path.slice(1)]);
    for (const path of ['/', '/orders/1', '/none']) {
      const { status, headers, body } = await stage.atGateway(path);
      assert.deepEqual([path, status, headers['server'], body], [path, 404, 'istio-envoy', '']);
    }
  });

  it('D000.4 detects HTTP on ports without a name, and applies HTTP routes', async () => {
    const { status, headers, body } = await stage.fromClient('order', 8080);
    assert.deepEqual([status, headers['server'], rootOf(body)], [200, 'envoy', ['orders']]);
  });

  it('D000.3 sends the canary nothing with weight 0, and a fifth with 80/20', async () => {
    const ask = async () => String((await stage.atGateway('/orders')).status);
    assert.deepEqual(await counts(100, ask), { '200': 100 });
    const cluster = (subset: string): string => `outbound|8080|${subset}|order`;
    assert.equal(await stage.statistic('istio-ingressgateway', cluster('canary'), 'upstream_rq_total'), 0);
    const routes = await stage.admin('istio-ingressgateway', '/config_dump?resource=dynamic_route_configs');
    assert.ok(routes.includes(`${cluster('stable')}.`) && !routes.includes(`${cluster('canary')}.`));
    await stage.to('000/canary-by-version');
    const version = async () => workloadOf(await stage.atGateway('/orders'));
    const found = await counts(1000, version);
    near('stable of 1000', found['order-stable'], 800, 38);
    assert.deepEqual(Object.keys(found).sort(), ['order-canary', 'order-stable']);
  });

  it('leaves nothing behind when it is destroyed', async () => {
    await stage.kubectl('delete', 'pod', 'client', '--wait');
    assert.deepEqual(await stage.down(), []);
  });
});
