import assert from 'node:assert/strict';
import { drConflict } from '../../../policy/rules/dr-conflict';
import { destinationRule, finding, judged, subsets, to, virtualService } from '../mesh-objects';

const policy = { connectionPool: { tcp: { maxConnections: 1 } } };
const reviews = (name: string, spec: object, metadata = {}) =>
  destinationRule(name, { host: 'reviews.bookinfo.svc.cluster.local', ...spec }, metadata);

describe('dr-conflict', () => {
  it('refuses one subset with two definitions', () => {
    assert.deepEqual(
      judged(drConflict, [
        reviews('a', { subsets: subsets('v1') }),
        reviews('b', { subsets: [{ name: 'v1', labels: { version: 'v1.1' } }] }),
      ]),
      [
        finding(
          drConflict,
          'DestinationRule bookinfo/b',
          'spec.subsets[0]',
          'subset "v1" of reviews.bookinfo.svc.cluster.local is defined by DestinationRule bookinfo/a too, and differently: istiod keeps one of the two and drops the other; define it once',
        ),
      ],
    );
  });

  it('accepts one rule per version, each with the same policy', () => {
    assert.deepEqual(
      judged(drConflict, [
        reviews('v1', { trafficPolicy: policy, subsets: subsets('v1') }),
        reviews('v2', { trafficPolicy: policy, subsets: subsets('v2') }),
      ]),
      [],
    );
  });

  it('only advises when both are equal', () => {
    assert.deepEqual(
      judged(drConflict, [reviews('a', { subsets: subsets('v1') }), reviews('b', { subsets: subsets('v1') })]),
      [
        finding(
          drConflict,
          'DestinationRule bookinfo/b',
          'spec.subsets[0]',
          'subset "v1" of reviews.bookinfo.svc.cluster.local is defined by DestinationRule bookinfo/a too; define it once',
          'advisory',
        ),
      ],
    );
  });

  it('refuses a second policy that differs', () => {
    assert.deepEqual(
      judged(drConflict, [
        reviews('a', { trafficPolicy: policy }),
        reviews('b', { trafficPolicy: { connectionPool: { tcp: { maxConnections: 2 } } } }),
      ]),
      [
        finding(
          drConflict,
          'DestinationRule bookinfo/b',
          'spec.trafficPolicy',
          'DestinationRule bookinfo/a has another trafficPolicy for reviews.bookinfo.svc.cluster.local, and istiod uses only the older of the two; keep them equal, or state the policy once',
        ),
      ],
    );
  });

  it('sees subsets that are lost because exportTo differs', () => {
    assert.deepEqual(
      judged(drConflict, [
        reviews('a', { exportTo: ['.'], subsets: subsets('v1') }),
        reviews('b', { exportTo: ['*'], subsets: subsets('v2') }),
      ]),
      [
        finding(
          drConflict,
          'DestinationRule bookinfo/a',
          'spec.exportTo',
          'DestinationRule bookinfo/b has the same host reviews.bookinfo.svc.cluster.local but another exportTo, so the two are not merged and clients in namespace bookinfo do not have subset "v1" of this rule; give them the same exportTo',
        ),
      ],
    );
  });

  it("refuses a rule in the clients' namespace without a subset that their routes use", () => {
    assert.deepEqual(
      judged(drConflict, [
        reviews('reviews', { subsets: subsets('v1', 'v2') }),
        reviews('mine', { subsets: subsets('v1') }, { namespace: 'shop' }),
        virtualService('reviews', { hosts: ['reviews'], http: [{ route: [to('reviews', 'v2')] }] }),
      ]),
      [
        finding(
          drConflict,
          'DestinationRule shop/mine',
          'spec.subsets',
          'for clients in namespace shop this rule replaces DestinationRule bookinfo/reviews, whose subset "v2" it does not define although their routes use it; define it here too, or remove this rule',
        ),
      ],
    );
  });

  it('only advises when no route uses the lost subset', () => {
    assert.deepEqual(
      judged(drConflict, [
        reviews('reviews', { subsets: subsets('v1') }),
        reviews('mine', { trafficPolicy: policy }, { namespace: 'shop' }),
      ]),
      [
        finding(
          drConflict,
          'DestinationRule shop/mine',
          'spec.subsets',
          'for clients in namespace shop this rule replaces DestinationRule bookinfo/reviews, whose subset "v1" it does not define; define it here too, or remove this rule',
          'advisory',
        ),
      ],
    );
  });

  it('ignores rules that select workloads', () => {
    assert.deepEqual(
      judged(drConflict, [
        reviews('all', { trafficPolicy: policy }),
        reviews('some', { workloadSelector: { matchLabels: { app: 'cart' } }, trafficPolicy: {} }),
      ]),
      [],
    );
  });
});
