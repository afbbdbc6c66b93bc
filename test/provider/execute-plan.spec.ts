import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { objectTitle, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { executePlan, InFlightUpdates, type ApplyOutcome } from '../../provider/execute-plan';
import { ownerOf, type Owner } from '../../provider/ownership';
import { planOf } from '../../provider/plan';
import type { ObjectsByTitle } from '../../provider/route-state';
import { route, rule } from '../support/routes';
import { applied, contextOf, owner } from './support';

const set = (...objects: KubernetesObject[]): ObjectsByTitle =>
  new Map(objects.map((object) => [objectTitle(object), object]));
const short = (object: KubernetesObject): string =>
  `${object.kind === 'VirtualService' ? 'route' : 'rule'} ${object.metadata.name}`;

interface Tried {
  outcome: ApplyOutcome;
  steps: string[];
  lines: string[];
}

/**
 * Executes a change on a cluster that only records its requests.
 * @param failing - the step that fails
 * @param others - the owners of objects of others
 */
async function tried(before: ObjectsByTitle, after: ObjectsByTitle, failing?: string, others?: Owner): Promise<Tried> {
  const steps: string[] = [];
  const step = (what: string): Promise<void> => {
    steps.push(what);
    return what === failing ? Promise.reject(new Error(`${what} failed`)) : Promise.resolve();
  };
  const lines: string[] = [];
  const context = contextOf({
    cluster: {
      apply: (object) => step(`write ${short(object)}`),
      remove: (object) => step(`remove ${short(object)}`),
      metadata: (object) => Promise.resolve(applied(object, others)),
    },
    prover: {
      reach: (_, object) => step(`reach ${short(object)}`),
      live: async (old, now) => {
        await step(now === undefined ? `gone ${old === undefined ? '' : short(old)}` : `live ${short(now)}`);
        return undefined;
      },
      drain: (what) => (what.length === 0 ? Promise.resolve() : step(`drain ${what.join('; ')}`)),
    },
    log: { info: (line) => lines.push(line) },
  });
  const outcome = await executePlan(planOf(before, after), before, context);
  return { outcome, steps, lines };
}

const before = set(rule('v1'), rule('v2'), route({ v1: 90, v2: 10 }));
const after = set(rule('v1'), rule('v3'), route({ v1: 90, v3: 10 }));
const title = 'VirtualService bookinfo/reviews';

describe('the plan of a Route, executed', () => {
  it('creates before it removes', async () => {
    assert.deepEqual(await tried(before, after), {
      lines: [],
      outcome: { objects: new Map([...after].sort(([a]) => (a === title ? -1 : 0))), unproven: [], failures: [] },
      steps: [
        'write rule reviews.v3',
        'reach route reviews',
        'write route reviews',
        'live route reviews',
        `drain ${title}: v2`,
        'remove rule reviews.v2',
      ],
    });
  });

  it('removes a route, proves that it is gone, drains, and then removes its rules', async () => {
    const { outcome, steps } = await tried(before, set());
    assert.deepEqual(outcome, { objects: new Map(), unproven: [], failures: [] });
    assert.deepEqual(steps, [
      'remove route reviews',
      'gone route reviews',
      `drain ${title}: v1, v2`,
      'remove rule reviews.v1',
      'remove rule reviews.v2',
    ]);
  });

  it('deletes no object of others, and names its owner', async () => {
    const another = ownerOf(
      owner.urn.replace('urn:pulumi:test', 'urn:pulumi:prod'),
      'https://127.0.0.1:6443',
      'bookinfo',
    );
    const { outcome, steps, lines } = await tried(set(rule('v1')), set(), undefined, another);
    assert.deepEqual([outcome, steps], [{ objects: new Map(), unproven: [], failures: [] }, []]);
    assert.deepEqual(lines, [
      'DestinationRule bookinfo/reviews.v1 stays: this stack did not create it (stack prod of project shop; field managers: meshwright)',
    ]);
  });

  it('keeps an object that another Route of the stack has taken over, without a message', async () => {
    const another = ownerOf(`${owner.urn}-new`, 'https://127.0.0.1:6443', 'bookinfo');
    assert.deepEqual(await tried(before, set(), undefined, another), {
      outcome: { objects: new Map(), unproven: [], failures: [] },
      steps: [],
      lines: [],
    });
  });

  const failures: [failing: string, steps: string[], failure: string, objects: ObjectsByTitle, unproven: string[]][] = [
    [
      'write rule reviews.v3',
      ['write rule reviews.v3'],
      'not updated: the DestinationRule for reviews.bookinfo.svc could not be applied',
      before,
      [],
    ],
    [
      'reach route reviews',
      ['write rule reviews.v3', 'reach route reviews'],
      'reach route reviews failed',
      new Map([...before, ...set(rule('v3'))]),
      [],
    ],
    [
      'live route reviews',
      ['write rule reviews.v3', 'reach route reviews', 'write route reviews', 'live route reviews'],
      'live route reviews failed',
      new Map([...before, ...set(rule('v3'), route({ v1: 90, v3: 10 }))]),
      [title],
    ],
  ];
  for (const [failing, steps, failure, objects, unproven] of failures) {
    it(`stops at "${failing}", and removes nothing`, async () => {
      const { outcome, steps: taken } = await tried(before, after, failing);
      assert.deepEqual(taken, steps);
      assert.deepEqual(outcome.failures.at(-1), `${title}: ${failure}`);
      assert.deepEqual([outcome.objects, outcome.unproven], [objects, unproven]);
    });
  }

  it('removes objects when no other update of the run writes: a route may move from one to another', async () => {
    const inFlight = new InFlightUpdates();
    const events: string[] = [];
    const other = inFlight.while(async () => {
      await sleep(100);
      events.push('written');
    });
    await inFlight.idle(new AbortController().signal);
    events.push('removed');
    await other;
    assert.deepEqual(events, ['written', 'removed']);
  });

  it('writes a route that needs rules of another Route after all Routes have written their rules', async () => {
    const events: string[] = [];
    const rules = new InFlightUpdates();
    const other = rules.while(async () => {
      await sleep(100);
      events.push('rule of ratings');
    });
    const note = (what: string): Promise<undefined> => {
      events.push(what);
      return Promise.resolve(undefined);
    };
    const context = contextOf({
      cluster: { apply: (object) => note(`write ${short(object)}`), remove: () => Promise.resolve() },
      prover: { reach: () => note('reach'), live: () => note('live'), drain: () => Promise.resolve() },
    });
    const elsewhere = { destination: { host: 'ratings', subset: 'v2' } };
    const crossing = { ...route({ v1: 100 }), spec: { hosts: ['reviews'], http: [{ route: [elsewhere] }] } };
    const plan = planOf(set(), set(rule('v1'), crossing));
    await executePlan(plan, set(), { ...context, inFlight: { ...context.inFlight, rules } });
    await other;
    assert.deepEqual(events, ['write rule reviews.v1', 'rule of ratings', 'reach', 'write route reviews', 'live']);
  });

  it('keeps a removed route in the state until it is proven to be gone', async () => {
    const { outcome, steps } = await tried(before, set(), 'gone route reviews');
    assert.deepEqual(steps, ['remove route reviews', 'gone route reviews']);
    assert.deepEqual(outcome, {
      objects: before,
      unproven: [],
      failures: [`${title}: gone route reviews failed`],
    });
  });
});
