import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareSpecificity, HostMap, isHostWithin } from '../../../mesh/model/hosts';

const labels = fc
  .array(fc.constantFrom('a', 'b', 'com'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('.'));
const hosts = fc.oneof(
  labels,
  labels.map((host) => `*.${host}`),
  labels.map((host) => `*${host}`),
  fc.constant('*'),
);

describe('HostMap', () => {
  it('finds the most specific of the hosts that match', () => {
    fc.assert(
      fc.property(fc.array(hosts, { maxLength: 6 }), hosts, (keys, host) => {
        const map = new HostMap<number>();
        keys.forEach((key, index) => map.set(key, index));
        const [best] = keys.filter((key) => isHostWithin(host, key)).sort(compareSpecificity);
        // The exact name or wildcard comes before any other wildcard.
        assert.equal(map.mostSpecific(host), keys.includes(host) ? host : best);
      }),
    );
  });
});
