import assert from 'node:assert/strict';
import { repeatedDestination } from '../../../policy/rules/repeated-destination';
import { finding, judged, to, virtualService } from '../mesh-objects';

const routes = (...route: object[]) => virtualService('reviews', { hosts: ['reviews'], http: [{ route }] });

describe('repeated-destination', () => {
  it('refuses one destination twice, in any form of its host', () => {
    assert.deepEqual(
      judged(repeatedDestination, [
        routes(to('reviews', 'v1', 90), to('reviews.bookinfo.svc.cluster.local', 'v1', 10)),
      ]),
      [
        finding(
          repeatedDestination,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[1].destination',
          'reviews.bookinfo.svc.cluster.local subset v1 is the same destination as spec.http[0].route[0]; name another version, or add up their weights in one',
        ),
      ],
    );
  });

  it('distinguishes versions and ports', () => {
    assert.deepEqual(
      judged(repeatedDestination, [
        routes(to('reviews', 'v1', 50), to('reviews', 'v2', 30), to('reviews', 'v1', 20, 9081)),
      ]),
      [],
    );
  });

  it('checks tcp and tls, and ignores mirrors', () => {
    assert.deepEqual(
      judged(repeatedDestination, [
        virtualService('db', {
          hosts: ['db'],
          tcp: [{ route: [to('db', 'v1', 50), to('db', 'v1', 50)] }],
          http: [{ route: [to('db', 'v1')], mirror: { host: 'db', subset: 'v1' } }],
        }),
      ]),
      [
        finding(
          repeatedDestination,
          'VirtualService bookinfo/db',
          'spec.tcp[0].route[1].destination',
          'db subset v1 is the same destination as spec.tcp[0].route[0]; name another version, or add up their weights in one',
        ),
      ],
    );
  });
});
