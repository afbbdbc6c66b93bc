import assert from 'node:assert/strict';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { startLoad, type Load } from '../traffic/load';
import { long, whenLong } from '../../support/long';
import { describeCommands } from './commands';
import { ShiftStage } from './stage';

describe('a shift, on a real istiod, Envoys and Prometheus', function () {
  this.timeout(600_000);
  let stage: ShiftStage | undefined;
  let load: Load | undefined;
  const theStage = (): ShiftStage => stage as ShiftStage;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    stage = await ShiftStage.start(() => this.skip());
  });
  after(() => stage?.stop());
  afterEach(() => theStage().reset());

  describe('under 100 requests a second', () => {
    beforeEach(async () => {
      const address = await theStage().gateway();
      load = await startLoad({ url: `http://${address}/`, host: 'shop', rate: 100, seconds: 600 });
    });
    afterEach(() => load?.stop().catch(() => undefined));

    it('brings a good version from 0 to 100 in five steps without losing a request', async () => {
      const journal = await theStage().follow(
        await theStage().begin({ v2: 100 }, { steps: [20, 40, 60, 80, 100], every: 3000 }),
      );
      const loaded = await (load as Load).stop();
      console.log(`      ${loaded.requests} requests, ${loaded.failed} lost`);
      assert.deepEqual(
        [journal.phase, loaded.failures, theStage().text, await theStage().clusterWeights()],
        ['promoted', {}, theStage().original.replace('v2: 0', 'v2: 100'), { v1: 0, v2: 100 }],
      );
    });

    const bad = [
      ['that fails 5 % of its requests', 'v3', {}, /error rate/],
      ['that is slow', 'v4', { maxP99: 40 }, /p99/],
    ] as const;
    for (const [name, version, limits, why] of long ? bad : bad.slice(0, 1)) {
      it(`is back from a version ${name} within one interval and 2 s`, async () => {
        const every = 60_000;
        const begun = await theStage().begin(
          { [version]: 100 },
          { steps: [50, 100], every, minRequests: 50, ...limits },
        );
        const journal = await theStage().follow(begun);
        assert.equal(journal.phase, 'rolled-back');
        assert.match(journal.why ?? '', why);
        const [first, last] = journal.log.filter(({ event }) => event === 'applied');
        const decided = journal.log.find(({ text }) => text.startsWith('going back'));
        const after = (entry?: { at: number }): number => ((entry?.at ?? Infinity) - (first?.at ?? 0)) / 1000;
        console.log(`      decided ${after(decided)} s after the step was live, back after ${after(last)} s`);
        assert.ok(after(last) <= every / 1000 + 2);
        assert.deepEqual(
          [theStage().text, await theStage().clusterWeights()],
          [theStage().original, { v1: 100, v2: 0 }],
        );
      });
    }

    whenLong('holds its step while Prometheus is dead, and goes on when it is back', async () => {
      const begun = await theStage().begin({ v2: 100 }, { steps: [100], every: 5000, inconclusiveLimit: 3 });
      await theStage().follow(begun, ({ phase }) => phase === 'measuring');
      await theStage().kill('prometheus');
      const held = await theStage().follow(begun, ({ unreachable }) => unreachable);
      assert.deepEqual([held.at, held.phase], [1, 'measuring']);
      await theStage().restart();
      assert.equal((await theStage().follow(begun)).phase, 'promoted');
    });
  });

  it('stops and goes back without any requests', async () => {
    const journal = await theStage().follow(await theStage().begin({ v2: 100 }, { every: 2000, inconclusiveLimit: 0 }));
    assert.equal(journal.phase, 'rolled-back');
    assert.match(journal.why ?? '', /0 requests to the new version, 20 are needed$/);
    assert.equal(theStage().text, theStage().original);
  });

  whenLong(
    'sends a header first, then moves two services to a split of three versions, and clients keep their version',
    async () => {
      const address = await theStage().gateway();
      const ask = async (headers: Record<string, string>): Promise<{ version: string; cookie: string }> => {
        const answer = await fetch(`http://${address}/`, { headers });
        const [, version = 'v4'] = /^Hello server - (v\d)/.exec(await answer.text()) ?? [];
        return { version, cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
      };
      const asked = async (times: number, headers: Record<string, string>): Promise<string[]> => {
        const answers = await Promise.all(Array.from({ length: times }, () => ask(headers)));
        return [...new Set(answers.map(({ version }) => version))].sort();
      };
      const split = { v1: 40, v2: 40, v4: 20 };
      const begun = await theStage().begin(
        split,
        {
          steps: [50, 100],
          every: 1000,
          header: { name: 'x-canary', value: 'yes' },
          sticky: { seconds: 60, token: 't1' },
          isTimed: true,
        },
        ['shop/hello', 'shop/till'],
      );
      await theStage().follow(begun, ({ at, phase }) => at === 1 && phase === 'measuring');
      assert.deepEqual(
        [await asked(60, { 'x-canary': 'yes' }), await asked(10, {}), await theStage().clusterWeights()],
        [['v1', 'v2', 'v4'], ['v1'], { v1: 100, v2: 0 }],
      );
      await theStage().follow(begun, ({ at, phase }) => at === 2 && phase === 'measuring');
      const { version, cookie } = await ask({});
      assert.equal(cookie, `meshwright-hello=${version}.t1`);
      assert.deepEqual(await asked(20, { cookie }), [version]);
      assert.equal((await theStage().follow(begun)).phase, 'promoted');
      assert.deepEqual([await theStage().clusterWeights(), await theStage().clusterWeights('till')], [split, split]);
    },
  );

  describe('as commands', () => describeCommands(theStage));
});
