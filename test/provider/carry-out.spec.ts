import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { objectTitle, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { carryOut, type Means, type Outcome } from '../../provider/carry-out';
import { Makers } from '../../provider/makers';
import { planOf } from '../../provider/plan';
import { labelled, type Objects } from '../../provider/set';
import { route, rule } from '../support/routes';

const set = (...objects: KubernetesObject[]): Objects =>
  new Map(objects.map((object) => [objectTitle(object), object]));
const short = (object: KubernetesObject): string =>
  `${object.kind === 'VirtualService' ? 'route' : 'rule'} ${object.metadata.name}`;

interface Tried {
  outcome: Outcome;
  steps: string[];
}

/** Carries out a change on a cluster that only notes what it is asked for; a step that `failing` names fails. */
async function tried(
  before: Objects,
  after: Objects,
  failing?: string,
  theirs: readonly string[] = [],
): Promise<Tried> {
  const steps: string[] = [];
  const step = (what: string): Promise<void> => {
    steps.push(what);
    return what === failing ? Promise.reject(new Error(`${what} failed`)) : Promise.resolve();
  };
  const means = {
    cluster: {
      apply: (object: KubernetesObject) => step(`write ${short(object)}`),
      remove: (object: KubernetesObject) => step(`remove ${short(object)}`),
      get: (object: KubernetesObject) =>
        Promise.resolve(labelled(object, theirs.includes(objectTitle(object)) ? 'other' : 'id')),
    },
    prover: {
      while: (work: () => Promise<void>) => work(),
      reach: (_: unknown, object: KubernetesObject) => step(`reach ${short(object)}`),
      live: (old: KubernetesObject | undefined, now: KubernetesObject | undefined) =>
        step(now === undefined ? `gone ${old === undefined ? '' : short(old)}` : `live ${short(now)}`),
      drain: (what: readonly string[]) => (what.length === 0 ? Promise.resolve() : step(`drain ${what.join('; ')}`)),
    },
    makers: new Makers(),
    log: { info: () => undefined, progress: () => undefined, warnOnce: () => undefined },
    id: 'id',
    signal: new AbortController().signal,
  } as unknown as Means;
  const outcome = await carryOut(planOf(before, after), before, new Set(), means);
  return { outcome, steps };
}

const before = set(rule('v1'), rule('v2'), route({ v1: 90, v2: 10 }));
const after = set(rule('v1'), rule('v3'), route({ v1: 90, v3: 10 }));
const title = 'VirtualService bookinfo/reviews';

describe('carrying out the plan of a route set', () => {
  it('makes before it breaks', async () => {
    assert.deepEqual(await tried(before, after), {
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

  it('takes a route away, sees it gone, lets it drain, and then what it used', async () => {
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

  it('leaves alone what belongs to somebody else by now', async () => {
    const { outcome, steps } = await tried(before, set(), undefined, [...before.keys()]);
    assert.deepEqual([outcome, steps], [{ objects: new Map(), unproven: [], failures: [] }, []]);
  });

  const failures: [failing: string, steps: string[], failure: string, objects: Objects, unproven: string[]][] = [
    [
      'write rule reviews.v3',
      ['write rule reviews.v3'],
      'left as it is, as a DestinationRule of reviews.bookinfo.svc was not written',
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
    it(`stops at "${failing}", and takes nothing away`, async () => {
      const { outcome, steps: taken } = await tried(before, after, failing);
      assert.deepEqual(taken, steps);
      assert.deepEqual(outcome.failures.at(-1), `${title}: ${failure}`);
      assert.deepEqual([outcome.objects, outcome.unproven], [objects, unproven]);
    });
  }

  it('takes routes away when no other set of the run makes any more, so that a route may move from one to another', async () => {
    const makers = new Makers();
    const told: string[] = [];
    const other = makers.while(async () => {
      await sleep(100);
      told.push('made');
    });
    await makers.done(new AbortController().signal);
    told.push('taken away');
    await other;
    assert.deepEqual(told, ['made', 'taken away']);
  });

  it('keeps a route that was not seen going in the state, for the next update to see it gone', async () => {
    const { outcome, steps } = await tried(before, set(), 'gone route reviews');
    assert.deepEqual(steps, ['remove route reviews', 'gone route reviews']);
    assert.deepEqual(outcome, {
      objects: before,
      unproven: [],
      failures: [`${title}: gone route reviews failed`],
    });
  });
});
