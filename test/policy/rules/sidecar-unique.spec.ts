import assert from 'node:assert/strict';
import { sidecarUnique } from '../../../policy/rules/sidecar-unique';
import { deployment, finding, judged, sidecar } from '../mesh-objects';

const selecting = (name: string, labels: object, metadata = {}) =>
  sidecar(name, { workloadSelector: { labels: labels } }, metadata);

describe('sidecar-unique', () => {
  it('refuses two for one namespace', () => {
    assert.deepEqual(
      judged(sidecarUnique, [sidecar('a', {}), sidecar('b', {}), sidecar('c', {}, { namespace: 'other' })]),
      [
        finding(
          sidecarUnique,
          'Sidecar bookinfo/a',
          'spec.workloadSelector',
          'it has no selector and applies to the whole namespace, as Sidecar b of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
        finding(
          sidecarUnique,
          'Sidecar bookinfo/b',
          'spec.workloadSelector',
          'it has no selector and applies to the whole namespace, as Sidecar a of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
      ],
    );
  });

  it('accepts one for the namespace and one for some workloads', () => {
    assert.deepEqual(judged(sidecarUnique, [sidecar('a', {}), selecting('b', { app: 'b' })]), []);
  });

  it('refuses selectors of which one includes the other', () => {
    assert.deepEqual(
      judged(sidecarUnique, [selecting('a', { app: 'a' }), selecting('b', { app: 'a', version: 'v1' })]),
      [
        finding(
          sidecarUnique,
          'Sidecar bookinfo/a',
          'spec.workloadSelector',
          'it selects workloads with app=a, version=v1, as Sidecar b of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
        finding(
          sidecarUnique,
          'Sidecar bookinfo/b',
          'spec.workloadSelector',
          'it selects workloads with app=a, version=v1, as Sidecar a of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
      ],
    );
  });

  it('refuses selectors that overlap on a workload', () => {
    assert.deepEqual(
      judged(sidecarUnique, [selecting('a', { app: 'a' }), selecting('b', { version: 'v1' }), deployment('a', 'v1')]),
      [
        finding(
          sidecarUnique,
          'Sidecar bookinfo/a',
          'spec.workloadSelector',
          'it selects Deployment a-v1, as Sidecar b of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
        finding(
          sidecarUnique,
          'Sidecar bookinfo/b',
          'spec.workloadSelector',
          'it selects Deployment a-v1, as Sidecar a of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
      ],
    );
  });

  it('allows selectors that do not overlap', () => {
    assert.deepEqual(
      judged(sidecarUnique, [
        selecting('a', { app: 'a' }),
        selecting('b', { version: 'v1' }),
        selecting('c', { app: 'c' }),
        deployment('a', 'v2'),
      ]),
      [],
    );
  });
});
