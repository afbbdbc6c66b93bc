import assert from 'node:assert/strict';
import { counts, near } from './counts';
import { Stage } from './stage';

describe('sample 002 on the lab', function () {
  this.timeout(600_000);
  let stage: Stage;
  before(async function () {
    stage = await Stage.start(this, 'tutorial');
    await stage.to('002/customer');
    await stage.addClient();
  });
  after(() => stage?.stop());

  const customer = (agent = 'test') => stage.atGateway('/customer', { 'user-agent': agent });
  /** The version of recommendation that an answer comes from; else its status. */
  const version = async (agent?: string): Promise<string> => {
    const { status, body } = await customer(agent);
    return /recommendation (v\d) from/.exec(body)?.[1] ?? String(status);
  };

  it('D002.1 customer alone: 503, the chain ends at preference', async () => {
    const { status, body } = await customer();
    assert.deepEqual([status, body], [503, 'customer => UnknownHostException: preference\n']);
  });

  it('D002.2 all three: the chain answers', async () => {
    await stage.to('002/recommendation-v1');
    const { status, body } = await customer();
    assert.equal(status, 200);
    assert.match(body, /^customer => preference => recommendation v1 from 'recommendation-v1-[\w-]+': \d+\n$/);
  });

  it('D002.3 v2 without rules: every pod its share', async () => {
    await stage.to('002');
    near('v1 of 200, one pod each', (await counts(200, version))['v1'], 100, 30);
    await stage.to('002/scaled');
    near('v1 of 300, one pod of three', (await counts(300, version))['v1'], 100, 30);
  });

  it('D002.4 all v1', async () => {
    await stage.to('002/all-v1');
    assert.deepEqual(await counts(50, version), { v1: 50 });
  });

  it('D002.5 90/10', async () => {
    await stage.to('002/90-10');
    near('v1 of 1000', (await counts(1000, version))['v1'], 900, 29);
  });

  it('D002.8 from 90/10 to 75/25 under load: no request fails', async () => {
    let shifted = false;
    const shift = stage.to('002/75-25').finally(() => (shifted = true));
    const found: Record<string, number> = {};
    for (let round = 0; !shifted && round < 2000; round++) {
      for (const [outcome, count] of Object.entries(await counts(8, version)))
        found[outcome] = (found[outcome] ?? 0) + count;
    }
    await shift;
    console.log(`      ${JSON.stringify(found)} during the change`);
    assert.deepEqual(Object.keys(found).sort(), ['v1', 'v2']);
  });

  it('D002.6 75/25', async () => {
    near('v1 of 1000', (await counts(1000, version))['v1'], 750, 41);
  });

  it('D002.7 all v2', async () => {
    await stage.to('002/all-v2');
    assert.deepEqual(await counts(50, version), { v2: 50 });
  });

  it('D002.9 firefox: v2 for Firefox, v1 for Safari, and for a sender that drops the header', async () => {
    await stage.to('002/firefox');
    const firefox = 'Mozilla/5.0 Gecko/20100101 Firefox/115.0';
    assert.deepEqual(await counts(20, () => version(firefox)), { v2: 20 });
    assert.deepEqual(await counts(20, () => version('Safari')), { v1: 20 });
    const dropped = async () =>
      /recommendation (v\d)/.exec(
        (await stage.fromClient('recommendation', 8080, { headers: { 'user-agent': firefox } })).body,
      )?.[1] ?? '';
    assert.deepEqual(await counts(20, dropped), { v1: 20 });
  });

  it('D002.10 rules deleted: both answer again', async () => {
    await stage.to('002');
    assert.deepEqual(Object.keys(await counts(60, version)).sort(), ['v1', 'v2']);
  });

  it('goes without leaving anything', async () => {
    await stage.kubectl('delete', 'pod', 'client', '--namespace', 'tutorial', '--wait');
    assert.deepEqual(await stage.down(), []);
  });
});
