import fc from 'fast-check';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { rules } from '../../policy/rules';
import { objects } from './judge';

/** Objects as people write them: the examples of all rules. */
export const written = rules.flatMap(({ docs }) => [...objects(docs.bad), ...objects(docs.good)]);

type Mutation = { at: number; value: unknown };

/** An object in which values at any depth are replaced by arbitrary JSON. */
export const damaged: fc.Arbitrary<KubernetesObject> = fc
  .tuple(fc.constantFrom(...written), fc.array(fc.record({ at: fc.nat(200), value: fc.jsonValue() }), { maxLength: 4 }))
  .map(([object, mutations]) => mutations.reduce(mutated, structuredClone(object)));

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
