import assert from 'node:assert/strict';
import { mirrorSelf } from '../../../policy/rules/mirror-self';
import { finding, judged, to, virtualService } from '../mesh-objects';

const mirrored = (fields: object) =>
  virtualService('reviews', {
    hosts: ['reviews'],
    http: [{ route: [to('reviews', 'v1', 100), to('reviews', 'v2', 0)], ...fields }],
  });

describe('mirror-self', () => {
  it('advises against a mirror to the version that serves the route, without a percentage', () => {
    assert.deepEqual(judged(mirrorSelf, [mirrored({ mirror: { host: 'reviews', subset: 'v1' } })]), [
      finding(
        mirrorSelf,
        'VirtualService bookinfo/reviews',
        'spec.http[0].mirror',
        'every request is mirrored to reviews subset v1, because no percentage is stated; state mirrorPercentage, even if it is 100',
      ),
      finding(
        mirrorSelf,
        'VirtualService bookinfo/reviews',
        'spec.http[0].mirror',
        'mirrored requests go to reviews subset v1, which gets the original requests of this route (spec.http[0].route[0]) too; mirror to another version',
      ),
    ]);
  });

  it('accepts a mirror to a version without requests, with a percentage', () => {
    assert.deepEqual(
      judged(mirrorSelf, [mirrored({ mirror: { host: 'reviews', subset: 'v2' }, mirrorPercentage: { value: 100 } })]),
      [],
    );
  });

  it('treats a host without a subset as all its versions', () => {
    assert.deepEqual(
      judged(mirrorSelf, [
        mirrored({
          mirrors: [{ destination: { host: 'reviews' }, percentage: { value: 5 } }, { destination: { host: 'audit' } }],
        }),
      ]),
      [
        finding(
          mirrorSelf,
          'VirtualService bookinfo/reviews',
          'spec.http[0].mirrors[0].destination',
          'mirrored requests go to reviews, which includes pods that get the original requests of this route (spec.http[0].route[0]) too; mirror to another version',
        ),
        finding(
          mirrorSelf,
          'VirtualService bookinfo/reviews',
          'spec.http[0].mirrors[1]',
          'every request is mirrored to audit, because no percentage is stated; state percentage, even if it is 100',
        ),
      ],
    );
  });

  it('allows a mirror of 0 percent', () => {
    assert.deepEqual(
      judged(mirrorSelf, [mirrored({ mirror: { host: 'reviews', subset: 'v1' }, mirrorPercentage: { value: 0 } })]),
      [],
    );
  });
});
