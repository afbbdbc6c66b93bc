import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { sampleStates } from '../../../cli/samples';
import { trafficDiff } from '../../../mesh/traffic/diff/traffic-diff';
import { fraction, share } from '../../../mesh/traffic/share';
import { routeSet } from './generated/route-set';
import { meshConfig, worldObjects } from './generated/world';
import { sampleTraffic } from './support/ask';

const options = { before: { meshConfig }, after: { meshConfig } };
const seed = fc.integer({ min: 1, max: 100_000 });
const runs = { numRuns: 60 };

/** The same object with the keys of every map, and every list without a meaningful order, in another order. */
function reordered(object: KubernetesObject): KubernetesObject {
  return turned(object, '') as KubernetesObject;
}

/** Lists without an order: destinations share by weight, the others are sets. */
const sets = ['route', 'hosts', 'subsets', 'gateways', 'exportTo', 'remove'];

function turned(value: unknown, key: string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => turned(item, ''));
    return sets.includes(key) ? items.reverse() : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, turned(inner, name)]),
  );
}

describe('traffic diff, properties', () => {
  for (const { sample, state } of sampleStates()) {
    it(`finds nothing between ${sample}/${state} and itself rendered again`, () => {
      const [before, after] = [sampleTraffic(`${sample}/${state}`), sampleTraffic(`${sample}/${state}`)];
      const { moves, newRules, lostRules } = trafficDiff(before.objects, after.objects, {
        before: before.options,
        after: after.options,
      });
      assert.deepEqual({ moves, newRules, lostRules }, { moves: [], newRules: [], lostRules: [] });
    });
  }

  it('finds nothing when objects come in another order', () => {
    const shuffled = seed.chain((number) => {
      const { objects } = routeSet(number, 0);
      const length = objects.length;
      return fc.record({
        objects: fc.constant(objects),
        shuffled: fc.shuffledSubarray(objects, { minLength: length, maxLength: length }),
      });
    });
    fc.assert(
      fc.property(shuffled, (set) => {
        const { moves, newRules, lostRules } = trafficDiff(
          [...worldObjects, ...set.objects],
          [...set.shuffled, ...[...worldObjects].reverse()],
          options,
        );
        assert.deepEqual({ moves, newRules, lostRules }, { moves: [], newRules: [], lostRules: [] });
      }),
      runs,
    );
  });

  it('finds nothing when lists without an order, and keys, come in another', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const { objects } = routeSet(number, 0);
        const { moves, newRules, lostRules } = trafficDiff(
          [...worldObjects, ...objects],
          [...worldObjects, ...objects].map(reordered),
          options,
        );
        assert.deepEqual({ moves, newRules, lostRules }, { moves: [], newRules: [], lostRules: [] });
      }),
      runs,
    );
  });

  it('finds nothing when rules that exclude each other change places', () => {
    const paths = fc.uniqueArray(fc.stringMatching(/^\/[a-z]{1,4}$/), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(paths, (all) => {
        const rules = all.map((path, index) => ({
          match: [{ uri: { exact: path } }],
          route: [{ destination: { host: 'alpha', subset: `v${(index % 3) + 1}` } }],
        }));
        const { moves } = trafficDiff(alphaMesh(rules), alphaMesh([...rules].reverse()), options);
        assert.deepEqual(moves, []);
      }),
      runs,
    );
  });

  it('finds the requests that two overlapping rules exchange when they change places', () => {
    const rules = [{ prefix: '/a' }, { prefix: '/a/b' }].map((uri, index) => ({
      match: [{ uri }],
      route: [{ destination: { host: 'alpha', subset: `v${index + 1}` } }],
    }));
    const { moves } = trafficDiff(alphaMesh(rules), alphaMesh([...rules].reverse()), options);
    assert.deepEqual(
      moves.map(({ port, moved, example }) => ({ port, moved, path: example?.['path'] })),
      [80, 18081].map((port) => ({ port, moved: '1', path: '/a/b' })),
    );
  });

  it('moves exactly the share that a weight loses', () => {
    const weight = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(weight, weight, (before, after) => {
        const { moves } = trafficDiff(alphaMesh([split(before)]), alphaMesh([split(after)]), options);
        const moved = share(fraction(share(Math.abs(after - before), 100)));
        assert.deepEqual(
          moves.map((move) => move.moved),
          before === after ? [] : [moved, moved],
        );
      }),
      runs,
    );
  });
});

function split(percent: number): object {
  return {
    route: [
      { destination: { host: 'alpha', subset: 'v1' }, weight: 100 - percent },
      { destination: { host: 'alpha', subset: 'v2' }, weight: percent },
    ],
  };
}

/** The generated world with rules for its service alpha, which has two HTTP ports. */
function alphaMesh(http: readonly object[]): KubernetesObject[] {
  const object = (kind: string, spec: Record<string, unknown>): KubernetesObject => ({
    apiVersion: 'networking.istio.io/v1',
    kind,
    metadata: { name: 'alpha', namespace: 'shop' },
    spec,
  });
  const subsets = ['v1', 'v2', 'v3'].map((version) => ({ name: version, labels: { version } }));
  return [
    ...worldObjects,
    object('DestinationRule', { host: 'alpha', subsets }),
    object('VirtualService', { hosts: ['alpha'], http }),
  ];
}
