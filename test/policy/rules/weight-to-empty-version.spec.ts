import assert from 'node:assert/strict';
import { weightToEmptyVersion } from '../../../policy/rules/weight-to-empty-version';
import { deployment, destinationRule, finding, judged, service, subsets, to, virtualService } from '../mesh-objects';

const rule = destinationRule('reviews', { host: 'reviews', subsets: subsets('v1', 'v2') });
const split = (v1: number, v2: number) =>
  virtualService('reviews', {
    hosts: ['reviews'],
    http: [{ route: [to('reviews', 'v1', v1), to('reviews', 'v2', v2)] }],
  });

describe('weight-to-empty-version', () => {
  it('names the share of the version, and the labels that no workload has', () => {
    assert.deepEqual(
      judged(weightToEmptyVersion, [service('reviews'), deployment('reviews', 'v1'), rule, split(90, 10)]),
      [
        finding(
          weightToEmptyVersion,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[1].weight',
          'reviews subset v2 gets 10 % of the requests of its rule, but no workload of namespace bookinfo has the labels app=reviews, version=v2: they fail with 503. Deploy it first, or send its share elsewhere',
        ),
      ],
    );
  });

  it('allows weight 0 for a version that is not deployed yet', () => {
    assert.deepEqual(
      judged(weightToEmptyVersion, [service('reviews'), deployment('reviews', 'v1'), rule, split(100, 0)]),
      [],
    );
  });

  it('allows a deployed version', () => {
    assert.deepEqual(
      judged(weightToEmptyVersion, [
        service('reviews'),
        deployment('reviews', 'v1'),
        deployment('reviews', 'v2'),
        rule,
        split(90, 10),
      ]),
      [],
    );
  });

  it('counts a version with 0 replicas as empty', () => {
    assert.deepEqual(
      judged(weightToEmptyVersion, [
        service('reviews'),
        deployment('reviews', 'v1'),
        deployment('reviews', 'v2', { replicas: 0 }),
        rule,
        split(90, 10),
      ]),
      [
        finding(
          weightToEmptyVersion,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[1].weight',
          'reviews subset v2 gets 10 % of the requests of its rule, but Deployment bookinfo/reviews-v2 has 0 replicas: they fail with 503. Deploy it first, or send its share elsewhere',
        ),
      ],
    );
  });

  it('counts a single destination as everything', () => {
    assert.deepEqual(
      judged(weightToEmptyVersion, [
        service('reviews'),
        deployment('reviews', 'v1'),
        rule,
        virtualService('reviews', { hosts: ['reviews'], http: [{ route: [to('reviews', 'v2')] }] }),
      ]),
      [
        finding(
          weightToEmptyVersion,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[0]',
          'reviews subset v2 gets all requests of its rule, but no workload of namespace bookinfo has the labels app=reviews, version=v2: they fail with 503. Deploy it first, or send its share elsewhere',
        ),
      ],
    );
  });

  it('also works without subsets', () => {
    assert.deepEqual(
      judged(weightToEmptyVersion, [
        service('reviews'),
        deployment('reviews', 'v1', { replicas: 0 }),
        virtualService('reviews', { hosts: ['reviews'], http: [{ route: [to('reviews')] }] }),
      ]),
      [
        finding(
          weightToEmptyVersion,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[0]',
          'reviews gets all requests of its rule, but Deployment bookinfo/reviews-v1 has 0 replicas: they fail with 503. Deploy it first, or send its share elsewhere',
        ),
      ],
    );
  });

  it('ignores pods of another Service or namespace', () => {
    assert.deepEqual(
      judged(weightToEmptyVersion, [
        service('reviews'),
        deployment('reviews', 'v1'),
        deployment('ratings', 'v2'),
        deployment('reviews', 'v2', {}, { namespace: 'other' }),
        rule,
        split(90, 10),
      ]),
      [
        finding(
          weightToEmptyVersion,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[1].weight',
          'reviews subset v2 gets 10 % of the requests of its rule, but no workload of namespace bookinfo has the labels app=reviews, version=v2: they fail with 503. Deploy it first, or send its share elsewhere',
        ),
      ],
    );
  });

  it('reports nothing where the objects show no workload of the Service', () => {
    assert.deepEqual(judged(weightToEmptyVersion, [service('reviews'), rule, split(90, 10)]), []);
  });

  it('accepts a declared workload', () => {
    assert.deepEqual(
      judged(weightToEmptyVersion, [service('reviews'), deployment('reviews', 'v1'), rule, split(90, 10)], {
        externals: { workloads: ['bookinfo/reviews-v2'] },
      }),
      [],
    );
  });

  it('notices in the status that no pod was ready', () => {
    assert.deepEqual(
      judged(weightToEmptyVersion, [
        service('reviews'),
        deployment('reviews', 'v1'),
        { ...deployment('reviews', 'v2'), status: { observedGeneration: 1, replicas: 1 } },
        rule,
        split(90, 10),
      ]),
      [
        finding(
          weightToEmptyVersion,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[1].weight',
          'reviews subset v2 gets 10 % of the requests of its rule, but no pod of Deployment reviews-v2 was ready when its state was last read: they fail with 503. Deploy it first, or send its share elsewhere',
        ),
      ],
    );
  });

  it('ignores labels that istiod adds itself', () => {
    assert.deepEqual(
      judged(weightToEmptyVersion, [
        service('reviews'),
        deployment('reviews', 'v1'),
        destinationRule('reviews', {
          host: 'reviews',
          subsets: [{ name: 'v1', labels: { version: 'v1', 'topology.kubernetes.io/zone': 'a' } }],
        }),
        virtualService('reviews', { hosts: ['reviews'], http: [{ route: [to('reviews', 'v1')] }] }),
      ]),
      [],
    );
  });
});
