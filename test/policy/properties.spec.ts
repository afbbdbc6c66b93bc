import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { check } from '../../policy/check';
import { damaged, written } from './damaged';

const anyObject: fc.Arbitrary<KubernetesObject> = fc.oneof(
  { weight: 4, arbitrary: damaged },
  { weight: 1, arbitrary: fc.jsonValue() as fc.Arbitrary<KubernetesObject> },
);

describe('a check of any objects', () => {
  it('never throws, and no rule fails', () => {
    fc.assert(
      fc.property(fc.array(anyObject, { maxLength: 8 }), (given) => {
        const failed = check(given).filter(({ rule }) => rule === 'rule-failed');
        assert.deepEqual(failed, []);
      }),
      { numRuns: 1500 },
    );
  });

  it('treats weights that are nearly 0 or infinite as invalid', () => {
    const objects = ([1e-300, 1e308] as const).flatMap((weight): KubernetesObject[] => [
      ...written,
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'odd', namespace: 'shop' },
        spec: {
          hosts: ['odd.example'],
          http: [{ route: ['a', 'b'].map((host) => ({ destination: { host }, weight })) }],
        },
      },
    ]);
    assert.deepEqual(
      check(objects).filter(({ rule }) => rule === 'rule-failed'),
      [],
    );
  });

  it('does not depend on the order of the objects', () => {
    fc.assert(
      fc.property(fc.array(damaged, { minLength: 2, maxLength: 12 }), fc.integer(), (given, seed) => {
        const [shuffled] = fc.sample(fc.shuffledSubarray(given, { minLength: given.length }), { numRuns: 1, seed });
        assert.deepEqual(check(shuffled ?? []), check(given));
      }),
      { numRuns: 300 },
    );
  });

  it('has the same result, byte for byte, a hundred times', () => {
    const first = JSON.stringify(check(written));
    for (let run = 1; run < 100; run++) assert.equal(JSON.stringify(check(structuredClone(written))), first);
  });
});
