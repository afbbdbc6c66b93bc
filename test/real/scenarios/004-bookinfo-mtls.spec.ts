import assert from 'node:assert/strict';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { counts } from './counts';
import { REQUEST_TEST_TIMEOUT_MS, Stage, workloadOf } from './stage';

const port = 9080;
const jason = { 'end-user': 'jason' };

describe('sample 004 on the lab', function () {
  this.timeout(REQUEST_TEST_TIMEOUT_MS);
  let stage: Stage;
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    stage = await Stage.start(this, 'default');
    await stage.to('004/destination-rules-mtls');
    await stage.addClient();
  });
  after(() => stage?.stop());

  const plain = async () => String((await stage.fromOutside('productpage', port, '/productpage')).status);
  const inMesh = () => stage.fromClient('productpage', port, { path: '/productpage' });
  /** The workload of reviews that answers; else the status. */
  const reviews = async (headers: Record<string, string> = {}) => {
    const answer = await stage.fromClient('reviews', port, { path: '/reviews/0', headers });
    return answer.status === 200 ? workloadOf(answer) : String(answer.status);
  };

  it('D004.1 with STRICT, resets plain text, and identifies a sidecar by its ServiceAccount', async () => {
    assert.deepEqual(await counts(20, plain), { '502': 20 });
    const { status, caller, pod } = await inMesh();
    assert.deepEqual([status, caller], [200, 'spiffe://cluster.local/ns/default/sa/default']);
    assert.match(pod, /^productpage-v1-/);
  });

  it('D004.2 with ISTIO_MUTUAL, identifies the gateway by its own certificate', async () => {
    const { status, caller } = await stage.atGateway('/productpage');
    assert.deepEqual([status, caller], [200, 'spiffe://cluster.local/ns/istio-ingress/sa/istio-ingressgateway']);
  });

  it('D004.4 sends all to v1, then jason to v2, over mutual TLS', async () => {
    await stage.to('004/all-v1');
    assert.deepEqual(await counts(50, reviews), { 'reviews-v1': 50 });
    await stage.to('004/jason-v2');
    assert.deepEqual(await counts(20, () => reviews(jason)), { 'reviews-v2': 20 });
    assert.deepEqual(await counts(20, reviews), { 'reviews-v1': 20 });
    assert.deepEqual(await counts(20, plain), { '502': 20 });
  });

  it('D004.3 with PERMISSIVE, accepts plain text', async () => {
    await stage.to('004/permissive');
    const { status, caller } = await stage.fromOutside('productpage', port, '/productpage');
    assert.deepEqual([status, caller], [200, '']);
  });

  it('D004.5 answers 503 for a subset that no DestinationRule defines', async () => {
    await stage.to('004/all-v1');
    await stage.kubectl('delete', 'destinationrule', 'reviews');
    const answers = async () => (await counts(20, reviews))['503'];
    for (let look = 0; look < 100 && (await answers()) !== 20; look++);
    assert.equal(await answers(), 20);
    // An update with a refresh restores it.
    await stage.repair();
    assert.deepEqual(await counts(20, reviews), { 'reviews-v1': 20 });
  });

  it('leaves nothing behind when it is destroyed', async () => {
    await stage.kubectl('delete', 'pod', 'client', '--wait');
    assert.deepEqual(await stage.down(), []);
  });
});
