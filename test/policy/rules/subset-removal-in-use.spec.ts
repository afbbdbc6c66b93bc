import assert from 'node:assert/strict';
import { subsetRemovalInUse } from '../../../policy/rules/subset-removal-in-use';
import { destinationRule, finding, subsets, to, virtualService } from '../mesh-objects';
import { changed } from '../pulumi';

const rule = (names: string[], name = 'reviews', metadata = {}) =>
  destinationRule(name, { host: 'reviews', subsets: subsets(...names) }, metadata);
const sends = (...names: string[]) =>
  virtualService('reviews', {
    hosts: ['reviews'],
    http: [{ route: names.map((subset) => to('reviews', subset, 100 / names.length)) }],
  });

describe('subset-removal-in-use', () => {
  it('refuses to drop a subset in the update that takes its traffic away', () => {
    assert.deepEqual(
      changed(subsetRemovalInUse, [rule(['v1', 'v2']), sends('v1', 'v2')], [rule(['v2']), sends('v2')]),
      [
        finding(
          subsetRemovalInUse,
          'DestinationRule bookinfo/reviews',
          'spec.subsets',
          'subset "v1" of reviews.bookinfo.svc.cluster.local is dropped, although VirtualService bookinfo/reviews sent requests to it until now: they fail with 503 until every proxy knows the new route. Shift its traffic first, and drop it in the next update',
        ),
      ],
    );
  });

  it('allows it once nothing used the subset before', () => {
    assert.deepEqual(changed(subsetRemovalInUse, [rule(['v1', 'v2']), sends('v2')], [rule(['v2']), sends('v2')]), []);
  });

  it('allows removing a rule with only this subset, since Pulumi deletes last', () => {
    assert.deepEqual(
      changed(
        subsetRemovalInUse,
        [rule(['v1'], 'reviews.v1'), rule(['v2'], 'reviews.v2'), sends('v1', 'v2')],
        [rule(['v2'], 'reviews.v2'), sends('v2')],
      ),
      [],
    );
  });

  it('allows removing a subset that another rule defines all the time', () => {
    assert.deepEqual(
      changed(
        subsetRemovalInUse,
        [rule(['v1', 'v2']), rule(['v1'], 'reviews.v1'), sends('v1')],
        [rule(['v2']), rule(['v1'], 'reviews.v1'), sends('v1')],
      ),
      [],
    );
  });

  it('refuses moving the subset to a new rule', () => {
    assert.deepEqual(
      changed(
        subsetRemovalInUse,
        [rule(['v1', 'v2']), sends('v1')],
        [rule(['v2']), rule(['v1'], 'reviews.v1'), sends('v1')],
      ),
      [
        finding(
          subsetRemovalInUse,
          'DestinationRule bookinfo/reviews',
          'spec.subsets',
          'subset "v1" of reviews.bookinfo.svc.cluster.local is dropped, although VirtualService bookinfo/reviews sent requests to it until now: they fail with 503 until every proxy knows the new route. Shift its traffic first, and drop it in the next update',
        ),
      ],
    );
  });

  it('reads the used subsets from the annotation if it sees only the rule', () => {
    assert.deepEqual(
      changed(
        subsetRemovalInUse,
        [rule(['v1', 'v2'], 'reviews', { annotations: { 'policy.meshwright.io/used-subsets': 'v1, v2' } })],
        [rule(['v2'])],
      ),
      [
        finding(
          subsetRemovalInUse,
          'DestinationRule bookinfo/reviews',
          'spec.subsets',
          'subset "v1" of reviews.bookinfo.svc.cluster.local is dropped, although a route sent requests to it until now: they fail with 503 until every proxy knows the new route. Shift its traffic first, and drop it in the next update',
        ),
      ],
    );
  });

  it('counts mirrors, and not destinations with weight 0', () => {
    assert.deepEqual(
      changed(
        subsetRemovalInUse,
        [
          rule(['v1', 'v2', 'v3']),
          virtualService('reviews', {
            hosts: ['reviews'],
            http: [
              { route: [to('reviews', 'v1', 100), to('reviews', 'v2', 0)], mirror: { host: 'reviews', subset: 'v3' } },
            ],
          }),
        ],
        [rule(['v1']), sends('v1')],
      ),
      [
        finding(
          subsetRemovalInUse,
          'DestinationRule bookinfo/reviews',
          'spec.subsets',
          'subset "v3" of reviews.bookinfo.svc.cluster.local is dropped, although VirtualService bookinfo/reviews sent requests to it until now: they fail with 503 until every proxy knows the new route. Shift its traffic first, and drop it in the next update',
        ),
      ],
    );
  });
});
