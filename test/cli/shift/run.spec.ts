import assert from 'node:assert/strict';
import fc from 'fast-check';
import { stackValue } from '../../../config/edit';
import type { Journal } from '../../../cli/shift/journal';
import { publishEnd } from '../../../cli/shift/run';
import { commanded } from '../../../cli/shift/transitions';
import { historyOf } from '../../../cli/shift/history';
import type { ShiftOptions } from '../../../cli/shift/options';
import { long } from '../../support/long';
import { Killed, Rig, stackText } from './support';

describe('a shift, on a cluster that is a variable', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });
  afterEach(() => rig.remove());
  const order = (command: 'pause' | 'resume' | 'abort' | 'promote'): void => {
    const next = commanded(rig.store.read('one'), rig.time, command);
    assert.notEqual(typeof next, 'string');
    rig.store.write(next as Journal);
  };
  const weights = (text = rig.text): unknown => stackValue(text, ['routes', 'shop', 'cart', 'weights']);

  it('goes step by step to the target, and changes only the weight in the file', async () => {
    rig.start({ commit: true });
    const journal = await rig.run();
    assert.equal(journal.phase, 'promoted');
    assert.deepEqual(
      rig.deployments,
      [5, 25, 50, 100].map((v2) => `{"v1":"rest","v2":${v2}}`),
    );
    assert.equal(rig.text, stackText.replace('v2: 0', 'v2: 100'));
    assert.equal(rig.cluster, rig.text);
    assert.deepEqual(
      rig.commits,
      ['5', '25', '50', '100'].map((share) => `shift shop/cart: v2 ${share} %`),
    );
    assert.equal(historyOf(rig.store, 'shop/cart').length, 4);
  });

  it('writes its end into the outputs once, and tries again after an update that failed', async () => {
    rig.start();
    await rig.tick();
    await publishEnd(rig.store.read('one'), rig.surroundings);
    assert.equal(rig.deployments.length, 1);
    const ended = await rig.run();
    rig.deployments = [];
    rig.results = [
      { state: 'failed', why: 'no answer' },
      { state: 'failed', why: 'no answer' },
    ];
    const why = "the stack's outputs do not show the end yet: no answer";
    const told = [...ended.log, { at: rig.time, step: ended.at, event: 'decided', text: why }];
    for (const expected of [{ log: told }, { log: told }, { log: told, isPublished: true }, {}]) {
      const journal = rig.store.read('one');
      await publishEnd(journal, rig.surroundings);
      assert.deepEqual(rig.store.read('one'), { ...journal, ...expected });
    }
    const target = '{"v1":"rest","v2":100}';
    assert.deepEqual(rig.deployments, [target, target, target]);
  });

  it('leaves its end to the next update when the stack file was changed since', async () => {
    rig.start();
    const ended = await rig.run();
    rig.deployments = [];
    rig.edit('v2: 100', 'v2: 50');
    await publishEnd(ended, rig.surroundings);
    assert.deepEqual([rig.store.read('one'), rig.deployments], [ended, []]);
  });

  it('goes back at once when the new version fails, with the figures', async () => {
    rig.start();
    await rig.tick();
    rig.time += 60_000;
    await rig.tick();
    rig.canary = { requests: 200, failed: 10, p99: 10 };
    rig.time += 15_000;
    const journal = await rig.tick();
    assert.deepEqual(
      [journal.phase, journal.why, rig.text, rig.cluster],
      ['rolled-back', 'shop/cart: error rate 5 % (10 of 200 requests), at most 1 %; stable 0 %', stackText, stackText],
    );
  });

  it('goes back through the steps if asked to', async () => {
    rig.start({ back: 'steps' });
    for (let turn = 0; turn < 3; turn++) {
      await rig.tick();
      rig.time += 60_000;
    }
    rig.canary = { requests: 200, failed: 100, p99: 10 };
    assert.equal((await rig.run()).phase, 'rolled-back');
    assert.deepEqual(
      rig.deployments,
      [5, 25, 50, 25, 5, 0].map((v2) => `{"v1":"rest","v2":${v2}}`),
    );
    assert.equal(rig.text, stackText);
  });

  for (const [name, options, canary, why] of [
    [
      'is slow',
      { maxP99: 500 },
      { requests: 100, failed: 0, p99: 900 },
      'shop/cart: p99 900 ms, at most 500 ms; stable 10 ms',
    ],
    [
      'is slower than the stable one',
      { maxP99Increase: 50 },
      { requests: 100, failed: 0, p99: 20 },
      'shop/cart: p99 20 ms, more than 50 % above stable 10 ms',
    ],
    [
      'fails more often than the stable one',
      { maxErrorRate: 50, maxErrorIncrease: 2 },
      { requests: 100, failed: 3, p99: 9 },
      'shop/cart: error rate 3 % (3 of 100 requests), more than 2 points above stable 0 %',
    ],
    ['gets no requests', {}, { requests: 0, failed: 0 }, 'shop/cart: 0 requests to the new version, 50 are needed'],
  ] as [string, Partial<ShiftOptions>, { requests: number; failed: number; p99?: number }, string][]) {
    it(`goes back when the new version ${name}`, async () => {
      rig.start(options);
      rig.canary = canary;
      const journal = await rig.run();
      assert.deepEqual([journal.phase, journal.why, rig.text], ['rolled-back', why, stackText]);
    });
  }

  it('repeats the interval with too few requests, however often it is asked', async () => {
    rig.start();
    rig.canary = { requests: 10, failed: 0 };
    await rig.tick();
    for (let second = 0; second < 118; second += 2) {
      rig.time += 2000;
      assert.equal((await rig.tick()).phase, 'measuring');
    }
    rig.canary = { requests: 60, failed: 0 };
    rig.time += 2000;
    assert.equal((await rig.tick()).at, 2);
  });

  it('stops at weights that an anchor shares, and leaves the file alone', async () => {
    const text = stackText.replace('weights:\n', 'weights: &w\n').replace('weights: { v1: 100 }', 'weights: *w');
    const shared = new Rig(text);
    try {
      shared.start();
      const journal = await shared.run();
      assert.deepEqual([journal.phase, shared.text], ['stopped', text]);
      assert.match(journal.why ?? '', /is shared by an anchor/);
    } finally {
      shared.remove();
    }
  });

  it('does not go back for a few bad requests of a step that is not over', async () => {
    rig.start();
    await rig.tick();
    rig.canary = { requests: 60, failed: 1, p99: 10 };
    rig.time += 15_000;
    assert.equal((await rig.tick()).phase, 'measuring');
    rig.canary = { requests: 240, failed: 1, p99: 10 };
    rig.time += 45_000;
    assert.equal((await rig.tick()).at, 2);
  });

  it('does not take an update without proof for success: it tries again, then stops', async () => {
    const why = 'the proxies could not be asked whether they serve the route';
    const silent = { state: 'unproven', why } as const;
    rig.start();
    rig.results.push(silent);
    const waiting = await rig.tick();
    assert.deepEqual(
      [waiting.phase, waiting.at, waiting.log.at(-1)?.text, historyOf(rig.store, 'shop/cart')],
      ['applying', 1, `tried again: inconclusive: ${why}`, []],
    );
    assert.deepEqual([(await rig.tick()).phase, rig.deployments.length], ['applying', 1]);
    rig.time += 60_000;
    assert.equal((await rig.tick()).phase, 'measuring');
    rig.time += 60_000;
    rig.results.push(silent, silent);
    const stopped = await rig.run();
    assert.deepEqual([stopped.phase, stopped.at, stopped.why], ['stopped', 2, `inconclusive: ${why}`]);
    order('resume');
    assert.equal((await rig.run()).phase, 'promoted');
  });

  it('goes on asking for proof on the way back', async () => {
    rig.start();
    await rig.tick();
    order('abort');
    const silent = { state: 'unproven', why: 'no answer' } as const;
    rig.results.push(silent, silent, silent);
    assert.equal((await rig.tick()).phase, 'applying');
    const { phase, log } = await rig.run();
    assert.deepEqual(
      [phase, log.filter(({ text }) => text === 'tried again: no answer').length, rig.cluster],
      ['aborted', 1, stackText],
    );
  });

  it('tolerates as many failures as the limit says', async () => {
    rig.start({ failureLimit: 1 });
    await rig.tick();
    rig.canary = { requests: 200, failed: 10, p99: 10 };
    rig.time += 15_000;
    assert.equal((await rig.tick()).phase, 'measuring');
    rig.canary = { requests: 200, failed: 0, p99: 10 };
    assert.equal((await rig.run()).phase, 'promoted');
  });

  it('holds a step while Prometheus does not answer, and goes on when it does', async () => {
    rig.start();
    await rig.tick();
    rig.canary = 'unreachable';
    for (let turn = 0; turn < 10; turn++) {
      rig.time += 60_000;
      assert.equal((await rig.tick()).at, 1);
    }
    rig.canary = { requests: 1000, failed: 0, p99: 10 };
    assert.equal((await rig.run()).phase, 'promoted');
  });

  it('stops when the policy refuses a step, with the file as before, and goes on when it is resumed', async () => {
    rig.start();
    await rig.tick();
    rig.time += 60_000;
    rig.results.push({ state: 'refused', why: 'weight-step-limit' });
    const journal = await rig.run();
    assert.deepEqual([journal.phase, journal.at, journal.why], ['stopped', 1, 'weight-step-limit']);
    assert.deepEqual(weights(), { v1: 'rest', v2: 5 });
    assert.equal(rig.cluster, rig.text);
    order('resume');
    assert.equal((await rig.run()).phase, 'promoted');
  });

  it('goes back when an update fails, and tries again until it is back', async () => {
    rig.start();
    rig.results.push({ state: 'failed', why: '1 proxy lags' }, { state: 'failed', why: 'no answer' });
    const journal = await rig.run();
    assert.deepEqual([journal.phase, journal.why, rig.text], ['rolled-back', '1 proxy lags', stackText]);
  });

  it('stops when the file was changed by hand, and shows both versions', async () => {
    rig.start();
    await rig.tick();
    rig.edit('v2: 5', 'v2: 7');
    const journal = await rig.run();
    assert.equal(journal.phase, 'stopped');
    assert.equal(
      journal.why,
      'the stack file was changed by hand:\n  journal  {"shop/cart":{"weights":{"v1":"rest","v2":5}}}\n  file     {"shop/cart":{"weights":{"v1":"rest","v2":7}}}',
    );
    order('abort');
    assert.equal((await rig.run()).phase, 'aborted');
    assert.deepEqual(weights(), { v1: 'rest', v2: 7 });
  });

  it('ignores an edit elsewhere in the file', async () => {
    rig.start();
    await rig.tick();
    rig.edit('# the stack', '# another comment');
    assert.equal((await rig.run()).phase, 'promoted');
    assert.equal(rig.text, stackText.replace('v2: 0', 'v2: 100').replace('# the stack', '# another comment'));
  });

  it('pauses, resumes, aborts and promotes', async () => {
    rig.start();
    await rig.tick();
    order('pause');
    rig.time += 600_000;
    assert.equal((await rig.tick()).at, 1);
    order('resume');
    rig.time += 60_000;
    assert.equal((await rig.tick()).at, 2);
    order('promote');
    assert.equal((await rig.run()).phase, 'promoted');
    assert.equal(rig.deployments.at(-1), '{"v1":"rest","v2":100}');
    rig.edit('v2: 100', 'v2: 0');
    rig.start();
    await rig.tick();
    order('abort');
    assert.deepEqual([(await rig.run()).phase, rig.text], ['aborted', stackText]);
  });

  it('waits for approvals', async () => {
    rig.start({ approve: true, steps: [10, 100] });
    assert.equal((await rig.run()).phase, 'approval');
    rig.time += 600_000;
    assert.equal((await rig.tick()).at, 1);
    order('resume');
    assert.equal((await rig.run()).phase, 'promoted');
  });

  it('moves several routes in lock-step, and all of them back', async () => {
    rig.start({}, ['shop/cart', 'shop/till']);
    await rig.tick();
    assert.deepEqual(stackValue(rig.text, ['routes', 'shop', 'till', 'weights']), { v1: 95, v2: 5 });
    rig.canary = { requests: 200, failed: 10, p99: 10 };
    assert.equal((await rig.run()).phase, 'rolled-back');
    assert.equal(rig.text, stackText);
  });

  it('sends a header first, then weights, and removes the rule at the end', async () => {
    rig.start({ header: { name: 'x-canary', value: 'always' }, steps: [50, 100] });
    await rig.tick();
    const rule = { match: [{ headers: { 'x-canary': { exact: 'always' } } }], weights: { v2: 100 } };
    assert.deepEqual(stackValue(rig.text, ['routes', 'shop', 'cart', 'http']), [rule]);
    rig.time += 60_000;
    await rig.tick();
    assert.deepEqual(
      [weights(), stackValue(rig.text, ['routes', 'shop', 'cart', 'http'])],
      [{ v1: 'rest', v2: 50 }, [rule]],
    );
    assert.equal((await rig.run()).phase, 'promoted');
    assert.equal(rig.text, stackText.replace('v2: 0', 'v2: 100'));
  });

  it('keeps clients with their version by a cookie, and removes the rules at the end', async () => {
    rig.start({ sticky: { seconds: 60, token: 'x1' }, steps: [50, 100] });
    await rig.tick();
    const cookie = (version: string): string => `meshwright-cart=${version}.x1`;
    const rule = (version: string): object => ({
      match: [{ headers: { cookie: { regex: `^(.*;\\s*)?meshwright-cart=${version}\\.x1(;.*)?$` } } }],
      weights: { [version]: 100 },
    });
    const destination = (version: string): object => ({
      destination: { host: 'cart', subset: version },
      weight: 50,
      headers: {
        response: { add: { 'Set-Cookie': `${cookie(version)}; Max-Age=60; Path=/; HttpOnly; SameSite=Lax` } },
      },
    });
    assert.deepEqual(stackValue(rig.text, ['routes', 'shop', 'cart', 'http']), [
      rule('v1'),
      rule('v2'),
      { route: [destination('v1'), destination('v2')] },
    ]);
    assert.equal((await rig.run()).phase, 'promoted');
    assert.equal(rig.text, stackText.replace('v2: 0', 'v2: 100'));
  });

  it('mirrors first, then moves the weights', async () => {
    rig.start({ mirror: 20, steps: [100] });
    await rig.tick();
    assert.deepEqual(stackValue(rig.text, ['routes', 'shop', 'cart', 'http']), [
      { mirror: { host: 'cart', subset: 'v2' }, mirrorPercentage: { value: 20 } },
    ]);
    assert.equal((await rig.run()).phase, 'promoted');
    assert.equal(rig.text, stackText.replace('v2: 0', 'v2: 100'));
  });

  it('continues or goes back after a kill at any point: journal, file and cluster agree', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 60 }), fc.boolean(), fc.boolean(), async (calls, fails, inSteps) => {
        const one = new Rig();
        try {
          one.start({ back: inSteps ? 'steps' : 'at-once' });
          if (fails) one.canary = { requests: 200, failed: 10, p99: 10 };
          one.killIn = calls;
          let journal: Journal | undefined;
          for (let life = 0; life < 2 && journal === undefined; life++) {
            try {
              journal = await one.run();
            } catch (error) {
              if (!(error instanceof Killed)) throw error;
              one.killIn = Infinity;
            }
          }
          const end = fails ? stackText : stackText.replace('v2: 0', 'v2: 100');
          assert.deepEqual([journal?.phase, one.text, one.cluster], [fails ? 'rolled-back' : 'promoted', end, end]);
        } finally {
          one.remove();
        }
      }),
      { numRuns: long ? 300 : 40 },
    );
  });

  it('excludes a second run of a route while one is at work', async () => {
    const inside = await rig.store.whileOwning('shop/cart', () =>
      rig.store.whileOwning('shop/till', () => Promise.resolve(1)),
    );
    assert.equal(inside, 1);
  });
});
