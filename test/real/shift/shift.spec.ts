import assert from 'node:assert/strict';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { startLoad, type Load } from '../traffic/load';
import { ShiftStage } from './stage';

describe('a shift, on a real istiod, Envoys and Prometheus under 100 requests a second', function () {
  this.timeout(600_000);
  let stage: ShiftStage | undefined;
  let load: Load | undefined;
  const theStage = (): ShiftStage => stage as ShiftStage;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    stage = await ShiftStage.start(this);
  });
  after(() => stage?.stop());
  beforeEach(async () => {
    const address = await theStage().gateway();
    load = await startLoad({ url: `http://${address}/`, host: 'shop', rate: 100, seconds: 600 });
  });
  afterEach(async () => {
    await load?.stop().catch(() => undefined);
    theStage().reset();
    await theStage().deploy(true);
  });

  it('brings a good version from 0 to 100 in five steps without losing a request', async () => {
    const journal = await theStage().follow(
      await theStage().begin({ v2: 100 }, { steps: [20, 40, 60, 80, 100], every: 8000 }),
    );
    const loaded = await (load as Load).stop();
    console.log(`      ${loaded.requests} requests, ${loaded.failed} lost`);
    assert.deepEqual(
      [journal.phase, loaded.failures, theStage().text, await theStage().clusterWeights()],
      ['promoted', {}, theStage().original.replace('v2: 0', 'v2: 100'), { v1: 0, v2: 100 }],
    );
  });

  for (const [name, version, limits, why] of [
    ['that fails 5 % of its requests', 'v3', {}, /error rate/],
    ['that is slow', 'v4', { maxP99: 40 }, /p99/],
  ] as const) {
    it(`goes back from a version ${name} within one interval`, async () => {
      const every = 30_000;
      const begun = await theStage().begin(
        { [version]: 100 },
        { steps: [10, 50, 100], every, minRequests: 100, ...limits },
      );
      const journal = await theStage().follow(begun);
      const live = journal.log.filter(({ event }) => event === 'applied');
      const [back, before] = [live.at(-1)?.at ?? 0, live.at(-2)?.at ?? 0];
      console.log(`      back ${((back - before) / 1000).toFixed(1)} s after the step, interval ${every / 1000} s`);
      assert.equal(journal.phase, 'rolled-back');
      assert.match(journal.why ?? '', why);
      assert.deepEqual([theStage().text, await theStage().clusterWeights()], [theStage().original, { v1: 100, v2: 0 }]);
    });
  }

  it('stops and goes back without any requests', async () => {
    await (load as Load).stop();
    const journal = await theStage().follow(await theStage().begin({ v2: 100 }, { every: 8000, minRequests: 2000 }));
    assert.equal(journal.phase, 'rolled-back');
    assert.match(journal.why ?? '', /are needed$/);
    assert.equal(theStage().text, theStage().original);
  });

  it('holds its step while Prometheus is dead, and goes on when it is back', async () => {
    const begun = await theStage().begin({ v2: 100 }, { steps: [50, 100], every: 8000 });
    await theStage().follow(begun, ({ phase }) => phase === 'measuring');
    await theStage().kill('prometheus');
    const held = await theStage().follow(begun, ({ unreachable }) => unreachable);
    assert.deepEqual([held.at, held.phase], [1, 'measuring']);
    await theStage().restart();
    assert.equal((await theStage().follow(begun)).phase, 'promoted');
  });
});
