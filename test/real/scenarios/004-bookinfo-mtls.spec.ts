import assert from 'node:assert/strict';
import { counts } from './counts';
import { MutualTlsStage, type Seen } from './mutual-tls-stage';
import { sampleObjects, Stage } from './stage';

const seen = (body: string): Seen => JSON.parse(body) as Seen;
/** The SPIFFE identity that a sidecar tells its application of. */
const callerOf = (body: string): string => /URI=([^;,]+)/.exec(seen(body).caller)?.[1] ?? '';

describe('walkthrough 004, traffic in mutual TLS', function () {
  this.timeout(600_000);
  let stage: MutualTlsStage;
  before(async function () {
    stage = await MutualTlsStage.start(this);
  });
  after(() => stage?.stop());

  const plain = async () => (await stage.fromOutside('productpage-v1')).status;
  const inMesh = async () => (await stage.fromClient('productpage')).status === 200;
  /** The pod of reviews that answers; else the status. */
  const reviews = async (headers: Record<string, string> = {}) => {
    const { status, body } = await stage.fromClient('reviews', headers);
    return status === 200 ? seen(body).pod : String(status);
  };

  it('D004.1 STRICT: a client without a certificate is cut off, a sidecar gets through and is known by its ServiceAccount', async () => {
    await stage.to('004/destination-rules-mtls', async () => (await inMesh()) && (await plain()) === 0);
    assert.deepEqual(await counts(20, async () => String(await plain())), { '0': 20 });
    const { status, body } = await stage.fromClient('productpage');
    assert.equal(status, 200);
    assert.deepEqual(
      [seen(body).pod, callerOf(body)],
      ['productpage-v1', 'spiffe://cluster.local/ns/default/sa/client'],
    );
  });

  it('D004.2 gateway to productpage with ISTIO_MUTUAL: 200, by the gateway’s own certificate', async () => {
    const { status, body } = await stage.atGateway('/productpage');
    assert.equal(status, 200);
    assert.equal(callerOf(body), 'spiffe://cluster.local/ns/istio-ingress/sa/istio-ingressgateway');
  });

  it('D004.4 all v1, then jason to v2, every connection in mutual TLS', async () => {
    await stage.to('004/all-v1', async () => (await reviews()) === 'reviews-v1');
    assert.deepEqual(await counts(50, reviews), { 'reviews-v1': 50 });
    const jason = { 'end-user': 'jason' };
    await stage.to('004/jason-v2', async () => (await reviews(jason)) === 'reviews-v2');
    assert.deepEqual(await counts(20, () => reviews(jason)), { 'reviews-v2': 20 });
    assert.deepEqual(await counts(20, reviews), { 'reviews-v1': 20 });
    assert.deepEqual(await counts(20, async () => String(await plain())), { '0': 20 });
  });

  it('D004.3 PERMISSIVE: a client without a certificate gets through', async () => {
    await stage.to('004/permissive', async () => (await inMesh()) && (await plain()) === 200);
    const { status, body } = await stage.fromOutside('productpage-v1');
    assert.deepEqual([status, seen(body)], [200, { pod: 'productpage-v1', caller: '' }]);
  });
});

describe('walkthrough 004, traffic without a DestinationRule', function () {
  this.timeout(600_000);
  let stage: Stage;
  before(async function () {
    stage = await Stage.start(this, 'default');
  });
  after(() => stage?.stop());

  it('D004.5 a route to a subset that no DestinationRule has: 503, no such cluster', async () => {
    // The proxies here have no certificates: what is shown has nothing to do with them.
    const routes = Object.fromEntries(
      ['productpage', 'reviews', 'ratings', 'details'].map((name) => [name, { trafficPolicy: null }]),
    );
    const objects = sampleObjects('004/all-v1', { 'meshwright:routes': { default: routes } });
    const reviews = async () => String((await stage.fromClient('reviews', 9080)).status);
    await stage.have(objects.filter(({ kind, metadata }) => kind !== 'DestinationRule' || metadata.name !== 'reviews'));
    assert.deepEqual(await counts(20, reviews), { '503': 20 });
    await stage.have(objects);
    assert.deepEqual(await counts(20, reviews), { '200': 20 });
  });
});
