import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { check } from '../../policy/check';
import { rules } from '../../policy/rules';
import { objects } from './judge';

/** Objects as people write them: the examples of all rules. */
const written = rules.flatMap(({ docs }) => [...objects(docs.bad), ...objects(docs.good)]);

type Mutation = { at: number; value: unknown };

/** A written object in which any values, however deep, are replaced by any JSON. */
const damaged: fc.Arbitrary<KubernetesObject> = fc
  .tuple(fc.constantFrom(...written), fc.array(fc.record({ at: fc.nat(200), value: fc.jsonValue() }), { maxLength: 4 }))
  .map(([object, mutations]) => mutations.reduce(mutated, structuredClone(object)));

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

  it('does not depend on the order of the objects', () => {
    fc.assert(
      fc.property(fc.array(damaged, { minLength: 2, maxLength: 12 }), fc.integer(), (given, seed) => {
        const [shuffled] = fc.sample(fc.shuffledSubarray(given, { minLength: given.length }), { numRuns: 1, seed });
        assert.deepEqual(check(shuffled ?? []), check(given));
      }),
      { numRuns: 300 },
    );
  });

  it('says the same, byte for byte, a hundred times', () => {
    const first = JSON.stringify(check(written));
    for (let run = 1; run < 100; run++) assert.equal(JSON.stringify(check(structuredClone(written))), first);
  });
});

/** The object with the value at the `at`-th place, in the order of its keys, replaced. `apiVersion` and `kind` stay. */
function mutated(object: KubernetesObject, { at, value }: Mutation): KubernetesObject {
  const places = placesIn(object.spec).concat(placesIn(object.metadata));
  const place = places[at % Math.max(1, places.length)];
  if (place !== undefined) place.holder[place.key] = value;
  return object;
}

function placesIn(value: unknown): { holder: Record<string, unknown>; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])]);
}
