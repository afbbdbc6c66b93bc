import assert from 'node:assert/strict';
import { versionRemovalInUse } from '../../../policy/rules/version-removal-in-use';
import { deployment, destinationRule, finding, service, subsets, to, virtualService } from '../mesh-objects';
import { changed } from '../pulumi';

const rule = destinationRule('reviews', { host: 'reviews', subsets: subsets('v1', 'v2') });
const sends = (...names: string[]) =>
  virtualService('reviews', {
    hosts: ['reviews'],
    http: [{ route: names.map((subset) => to('reviews', subset, 100 / names.length)) }],
  });
const [v1, v2] = [deployment('reviews', 'v1'), deployment('reviews', 'v2')];

describe('version-removal-in-use', () => {
  it('refuses to remove a version in the update that takes its traffic away', () => {
    assert.deepEqual(
      changed(
        versionRemovalInUse,
        [service('reviews'), v1, v2, rule, sends('v1', 'v2')],
        [service('reviews'), v1, rule, sends('v1')],
      ),
      [
        finding(
          versionRemovalInUse,
          'Deployment bookinfo/reviews-v2',
          '',
          'this is the last workload of subset "v2" of reviews.bookinfo.svc.cluster.local, and it is removed while VirtualService bookinfo/reviews still sends requests there: until the route changes, they fail with 503. Move the traffic first, and remove the workload in the next update',
        ),
      ],
    );
  });

  it('allows it in the next update', () => {
    assert.deepEqual(
      changed(
        versionRemovalInUse,
        [service('reviews'), v1, v2, rule, sends('v1')],
        [service('reviews'), v1, rule, sends('v1')],
      ),
      [],
    );
  });

  it('refuses to scale it to 0', () => {
    assert.deepEqual(
      changed(
        versionRemovalInUse,
        [service('reviews'), v1, v2, rule, sends('v1', 'v2')],
        [service('reviews'), v1, deployment('reviews', 'v2', { replicas: 0 }), rule, sends('v1')],
      ),
      [
        finding(
          versionRemovalInUse,
          'Deployment bookinfo/reviews-v2',
          'spec.replicas',
          'this is the last workload of subset "v2" of reviews.bookinfo.svc.cluster.local, and it is scaled to 0 while VirtualService bookinfo/reviews still sends requests there: until the route changes, they fail with 503. Move the traffic first, and remove the workload in the next update',
        ),
      ],
    );
  });

  it('allows another workload to take its place', () => {
    assert.deepEqual(
      changed(
        versionRemovalInUse,
        [service('reviews'), v1, v2, rule, sends('v1', 'v2')],
        [
          service('reviews'),
          v1,
          { ...v2, metadata: { name: 'renamed', namespace: 'bookinfo' } },
          rule,
          sends('v1', 'v2'),
        ],
      ),
      [],
    );
  });

  it('refuses to remove a Service that routes still use', () => {
    assert.deepEqual(
      changed(versionRemovalInUse, [service('reviews'), v1, rule, sends('v1')], [v1, rule, sends('v1')]),
      [
        finding(
          versionRemovalInUse,
          'Service bookinfo/reviews',
          '',
          'this Service is removed while routes still send requests to reviews.bookinfo.svc.cluster.local (VirtualService bookinfo/reviews until now): they fail with 503. Take the routes away first',
        ),
      ],
    );
  });

  it('allows removing a whole service at once', () => {
    assert.deepEqual(changed(versionRemovalInUse, [service('reviews'), v1, v2, rule, sends('v1', 'v2')], []), []);
  });

  it('knows the labels of a version whose DestinationRule goes too', () => {
    assert.deepEqual(
      changed(
        versionRemovalInUse,
        [
          service('reviews'),
          v1,
          v2,
          destinationRule('reviews.v1', { host: 'reviews', subsets: subsets('v1') }),
          destinationRule('reviews.v2', { host: 'reviews', subsets: subsets('v2') }),
          sends('v1', 'v2'),
        ],
        [
          service('reviews'),
          v1,
          destinationRule('reviews.v1', { host: 'reviews', subsets: subsets('v1') }),
          sends('v1'),
        ],
      ),
      [
        finding(
          versionRemovalInUse,
          'Deployment bookinfo/reviews-v2',
          '',
          'this is the last workload of subset "v2" of reviews.bookinfo.svc.cluster.local, and it is removed while VirtualService bookinfo/reviews still sends requests there: until the route changes, they fail with 503. Move the traffic first, and remove the workload in the next update',
        ),
      ],
    );
  });
});
