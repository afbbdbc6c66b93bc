import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Weights } from '../../../mesh/manifests/settings';
import { effectiveWeights, fullWeight, splitProblems, weightProblems } from '../../../mesh/manifests/weights';

function problems(weights: Weights): [string, string][] {
  return weightProblems(weights).map(({ path, message }) => [path.join('.'), message]);
}

describe('effectiveWeights', () => {
  it('keeps order and zeros, and replaces rest by the remainder', () => {
    assert.deepEqual(Object.entries(effectiveWeights({ v2: 0, v1: 'rest', v3: 10 }) ?? {}), [
      ['v2', 0],
      ['v1', 90],
      ['v3', 10],
    ]);
    assert.deepEqual(effectiveWeights({ v1: 'rest' }), { v1: 100 });
    assert.deepEqual(effectiveWeights({ v1: 100, v2: 'rest' }), { v1: 100, v2: 0 });
  });

  it('sums to 100 for every valid split', () => {
    const weight = fc.oneof(fc.constant('rest' as const), fc.integer({ min: 0, max: 60 }));
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^v[0-9]$/), weight), (weights) => {
        const effective = effectiveWeights(weights);
        assert.equal(effective === undefined, weightProblems(weights).length > 0);
        if (effective === undefined) return;
        const values = Object.values(effective);
        assert.equal(
          values.reduce((sum, value) => sum + value, 0),
          fullWeight,
        );
        assert.ok(values.every((value) => Number.isInteger(value) && value >= 0));
        assert.deepEqual(Object.keys(effective), Object.keys(weights));
      }),
    );
  });

  it('is undefined for invalid weights', () => assert.equal(effectiveWeights({ v1: 90, v2: 20 }), undefined));
});

describe('weightProblems', () => {
  it('refuses a sum that is not 100', () => {
    assert.deepEqual(problems({ v1: 90, v2: 20 }), [
      ['', 'weights must sum to 100, these sum to 110: v1 90, v2 20; change one of them, or make it "rest"'],
    ]);
  });

  it('refuses more than 100 in addition to rest', () => {
    assert.deepEqual(problems({ v1: 'rest', v2: 101 - 1, v3: 1 }), [
      ['', 'the weights beside "rest" must not exceed 100, these sum to 101: v1 rest, v2 100, v3 1'],
    ]);
  });

  it('refuses weights that are not whole percents, each at its version', () => {
    const message = 'a weight must be a whole number from 0 to 100, or "rest"';
    assert.deepEqual(problems({ v1: -1, v2: 33.3, v3: 101, v4: NaN }), [
      ['v1', message],
      ['v2', message],
      ['v3', message],
      ['v4', message],
    ]);
  });

  it('refuses two rests', () => {
    assert.deepEqual(problems({ v1: 'rest', v2: 'rest' }), [
      ['', 'at most one version can be "rest"; here "v1" and "v2" are'],
    ]);
  });

  it('refuses an empty map', () => {
    assert.deepEqual(problems({}), [['', 'weights must name at least one version']]);
  });
});

describe('splitProblems', () => {
  it('are those of the service and of its rules, each with its path', () => {
    assert.deepEqual(
      splitProblems('reviews', {
        versions: ['v1', 'v2'],
        weights: { v1: 90, v2: 20 },
        http: [{ match: [{ uri: { exact: '/' } }], weights: { v1: 'rest', v3: 10 } }, { weights: { v1: 100 } }],
        tcp: [{ weights: { v1: 101 } }],
      }),
      [
        {
          path: ['weights'],
          message: 'weights must sum to 100, these sum to 110: v1 90, v2 20; change one of them, or make it "rest"',
          split: ['weights'],
          about: 'weights',
        },
        {
          path: ['http', 0, 'weights', 'v3'],
          message: 'reviews has no version "v3"; its versions are v1, v2',
          split: ['http', 0, 'weights'],
          about: 'versions',
        },
        {
          path: ['tcp', 0, 'weights', 'v1'],
          message: 'a weight must be a whole number from 0 to 100, or "rest"',
          split: ['tcp', 0, 'weights'],
          about: 'weights',
        },
      ],
    );
  });

  it('ask once for versions when a service has weights and no versions; a valid split has no problems', () => {
    const message = 'weights need versions: add versions: [v1, v2] to reviews';
    assert.deepEqual(
      [
        splitProblems('reviews', { weights: { v1: 90, v2: 10 } }),
        splitProblems('reviews', { versions: { v1: {} }, weights: { v1: 'rest' } }),
      ],
      [[{ path: ['weights'], message, split: ['weights'], about: 'versions' }], []],
    );
  });
});
