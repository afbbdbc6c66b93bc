import assert from 'node:assert/strict';
import { stackValue } from '../../../config/edit';
import { shiftSummaries } from '../../../config/shifts';
import { parseStackText } from '../../../config/stack-text';
import type { RouteSettings } from '../../../mesh/manifests/settings';
import { codeOf } from '../../../cli/shift/follow';
import { tickAll } from '../../../cli/shift/rollouts';
import type { Session } from '../../../cli/shift/session';
import { meshwright, reviewsStack, temporaryFolder } from '../support';
import { Rig, stackText } from './support';

const rollout = `  meshwright:rollouts:
    shop:
      cart: # at night
        { to: v2, steps: [50, 100], every: 60s, maxP99: 300ms, prometheus: 'http://prometheus' }
`;

describe('rollouts in the stack file', () => {
  const text = `${stackText}${rollout}`;
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig(text);
  });
  afterEach(() => rig.remove());

  const session = (): Session => ({
    file: rig.file,
    name: 'dev',
    store: rig.store,
    isLab: false,
    routes: stackValue(rig.text, ['routes']) as Record<string, Record<string, RouteSettings>>,
    rollouts: stackValue(rig.text, ['rollouts']) === undefined ? [] : ['shop/cart'],
  });
  /** One run of a clock, a minute after the one before. */
  const clock = async (): Promise<number> => {
    const code = await tickAll(session(), async ({ id }) => codeOf(await rig.tick(id)));
    rig.time += 60_000;
    return code;
  };
  const codes = async (turns: number): Promise<number[]> => {
    const found: number[] = [];
    for (let turn = 0; turn < turns; turn++) found.push(await clock());
    return found;
  };

  it('are started and carried on by ticks, and only the weight in the file changes', async () => {
    rig.time = Date.now() + 10_000;
    assert.deepEqual(await codes(4), [10, 10, 0, 0]);
    assert.equal(rig.text, text.replace('v2: 0', 'v2: 100'));
    const [journal] = rig.store.journals();
    assert.deepEqual(
      [rig.store.journals().length, journal?.phase, journal?.options.maxP99, journal?.declared],
      [1, 'promoted', 300, stackValue(text, ['rollouts', 'shop', 'cart'])],
    );
  });

  it('are not started again after they have failed, until they are changed', async () => {
    rig.time = Date.now() + 10_000;
    await clock();
    rig.canary = { requests: 200, failed: 20, p99: 10 };
    assert.deepEqual([...(await codes(2)), rig.store.journals().length, rig.text], [1, 1, 1, text]);
    rig.canary = { requests: 200, failed: 0, p99: 10 };
    rig.edit('maxP99: 300ms', 'maxP99: 400ms');
    assert.deepEqual([...(await codes(3)), rig.store.journals().length], [10, 10, 0, 2]);
  });

  it('are not started again when a promoted route was taken back', async () => {
    rig.time = Date.now() + 10_000;
    await codes(3);
    rig.edit('v2: 100', 'v2: 0');
    assert.deepEqual([await clock(), rig.store.journals().length], [0, 1]);
  });

  it('stop when they are changed meanwhile, with both versions', async () => {
    rig.time = Date.now() + 10_000;
    await clock();
    rig.edit('[50, 100]', '[20, 100]');
    assert.equal(await clock(), 3);
    assert.equal(
      rig.store.journals()[0]?.why,
      'the rollout was changed in the stack file:\n' +
        '  journal  {"to":"v2","steps":[50,100],"every":"60s","maxP99":"300ms","prometheus":"http://prometheus"}\n' +
        '  file     {"to":"v2","steps":[20,100],"every":"60s","maxP99":"300ms","prometheus":"http://prometheus"}',
    );
  });

  it('are in the outputs of the stack, without their options', async () => {
    rig.time = Date.now() + 10_000;
    await clock();
    const [journal] = rig.store.journals();
    assert.deepEqual(shiftSummaries(rig.store.folder), {
      'shop/cart': {
        id: journal?.id,
        phase: 'measuring',
        step: 1,
        steps: 2,
        label: 'v2 50 %',
        before: { 'shop/cart': { weights: { v1: 'rest', v2: 0 } } },
        now: { 'shop/cart': { weights: { v1: 'rest', v2: 50 } } },
        target: { v2: 100 },
        record: journal?.log,
      },
    });
  });

  for (const [name, from, to, message] of [
    ['an unknown version', 'to: v2', 'to: v9', 'shop/cart has no version "v9"; its versions are v1, v2'],
    ['an unknown route', 'cart: # at night', 'crat: # at night', 'the stack has no route shop/crat'],
    ['steps that do not rise', '[50, 100]', '[50, 20, 100]', 'must rise and end at 100, e.g. [5, 25, 50, 100]'],
    ['a time without a unit', '60s', '60', 'must be a string'],
    ['another unit', '60s', '60 sec', 'must be a duration, e.g. 500ms, 60s or 5m'],
    ['a split that does not sum', 'to: v2', 'to: { v1: 20, v2: 70 }', 'must sum to 100'],
    [
      'a query without a limit',
      'maxP99: 300ms',
      "queries: ['sum(jobs)']",
      'must end in a comparison with a number, e.g. ... < 5',
    ],
    ['a misspelt key', 'maxP99', 'maxP9', 'unknown key'],
  ] as const) {
    it(`are refused with ${name}`, () => {
      const parsed = parseStackText(text.replace(from, to), 'Pulumi.dev.yaml');
      const problems = 'problems' in parsed ? parsed.problems : [];
      assert.deepEqual(
        [problems.length, problems[0]?.message.startsWith(message)],
        [1, true],
        JSON.stringify(problems),
      );
    });
  }
});

describe('meshwright shift of all routes', () => {
  const folder = temporaryFolder();
  const file = (name: string): string => folder.file(name, reviewsStack('{ v1: rest, v3: 10 }'));

  it('has nothing to do without rollouts and shifts', () => {
    const config = file('Pulumi.idle.yaml');
    assert.deepEqual(
      [meshwright(['shift', '--tick', '--config', config]), meshwright(['shift', '--status', '--config', config])],
      [
        { code: 0, stdout: '', stderr: '' },
        { code: 0, stdout: 'No shift is running.\n', stderr: '' },
      ],
    );
  });

  it('needs the name of a route for everything else', () => {
    const { code, stderr } = meshwright(['shift', '--abort', '--config', file('Pulumi.named.yaml')]);
    assert.deepEqual([code, stderr.trim()], [2, 'Name a route; only --tick and --status work for all of them.']);
  });

  it('refuses settings for a shift that has begun', () => {
    const { code, stderr } = meshwright([
      'shift',
      'reviews',
      '--tick',
      '--max-p99',
      '1s',
      '--config',
      file('Pulumi.a.yaml'),
    ]);
    assert.deepEqual(
      [code, stderr.trim()],
      [2, '--max-p99 belongs to --to VERSION; a shift keeps the settings that it was started with.'],
    );
  });
});
