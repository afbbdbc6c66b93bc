import assert from 'node:assert/strict';
import { blastRadiusOutlier } from '../../../policy/rules/blast-radius-outlier';
import { deployment, destinationRule, finding, judged, service } from '../mesh-objects';

const ejecting = (detection: object) =>
  destinationRule('reviews', { host: 'reviews', trafficPolicy: { outlierDetection: detection } });

describe('blast-radius-outlier', () => {
  it('advises against ejecting every pod of a small service', () => {
    assert.deepEqual(
      judged(blastRadiusOutlier, [
        service('reviews'),
        deployment('reviews', 'v1', { replicas: 2 }),
        ejecting({ maxEjectionPercent: 100 }),
      ]),
      [
        finding(
          blastRadiusOutlier,
          'DestinationRule bookinfo/reviews',
          'spec.trafficPolicy.outlierDetection.maxEjectionPercent',
          'maxEjectionPercent 100 can eject all 2 pods of reviews.bookinfo.svc.cluster.local at once, and then every request fails; lower it, set minHealthPercent, or run more pods',
        ),
      ],
    );
  });

  it('allows it with many pods, with a minimum, and where the pods are not known', () => {
    assert.deepEqual(
      judged(blastRadiusOutlier, [
        service('reviews'),
        deployment('reviews', 'v1', { replicas: 10 }),
        ejecting({ maxEjectionPercent: 100 }),
        destinationRule('ratings', {
          host: 'ratings',
          trafficPolicy: { outlierDetection: { maxEjectionPercent: 100 } },
        }),
      ]),
      [],
    );
  });

  it('allows it where minHealthPercent keeps some', () => {
    assert.deepEqual(
      judged(blastRadiusOutlier, [
        service('reviews'),
        deployment('reviews', 'v1'),
        ejecting({ maxEjectionPercent: 100, minHealthPercent: 50 }),
      ]),
      [],
    );
  });

  it('counts the pods of the subset whose policy it is', () => {
    assert.deepEqual(
      judged(blastRadiusOutlier, [
        service('reviews'),
        deployment('reviews', 'v1', { replicas: 10 }),
        deployment('reviews', 'v2', { replicas: 1 }),
        destinationRule('reviews', {
          host: 'reviews',
          subsets: [
            { name: 'v2', labels: { version: 'v2' }, trafficPolicy: { outlierDetection: { maxEjectionPercent: 100 } } },
          ],
        }),
      ]),
      [
        finding(
          blastRadiusOutlier,
          'DestinationRule bookinfo/reviews',
          'spec.subsets[0].trafficPolicy.outlierDetection.maxEjectionPercent',
          'maxEjectionPercent 100 can eject the only pod of reviews.bookinfo.svc.cluster.local subset v2 at once, and then every request fails; lower it, set minHealthPercent, or run more pods',
        ),
      ],
    );
  });

  it('tells that failover needs outlier detection', () => {
    assert.deepEqual(
      judged(blastRadiusOutlier, [
        destinationRule('reviews', {
          host: 'reviews',
          trafficPolicy: { loadBalancer: { localityLbSetting: { failover: [{ from: 'a', to: 'b' }] } } },
        }),
      ]),
      [
        finding(
          blastRadiusOutlier,
          'DestinationRule bookinfo/reviews',
          'spec.trafficPolicy.loadBalancer.localityLbSetting',
          'failover between localities of reviews.bookinfo.svc.cluster.local never happens without outlierDetection, which detects that a locality is down; add outlierDetection to this policy',
        ),
      ],
    );
  });

  it('accepts failover with outlier detection', () => {
    assert.deepEqual(
      judged(blastRadiusOutlier, [
        destinationRule('reviews', {
          host: 'reviews',
          trafficPolicy: {
            loadBalancer: { localityLbSetting: { failover: [{ from: 'a', to: 'b' }] } },
            outlierDetection: {},
          },
        }),
      ]),
      [],
    );
  });
});
