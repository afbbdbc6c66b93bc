import assert from 'node:assert/strict';
import { telemetryUnique } from '../../../policy/rules/telemetry-unique';
import { deployment, finding, judged, telemetry } from '../mesh-objects';

const selecting = (name: string, labels: object, metadata = {}) =>
  telemetry(name, { selector: { matchLabels: labels } }, metadata);

describe('telemetry-unique', () => {
  it('refuses two for one namespace', () => {
    assert.deepEqual(
      judged(telemetryUnique, [telemetry('a', {}), telemetry('b', {}), telemetry('c', {}, { namespace: 'other' })]),
      [
        finding(
          telemetryUnique,
          'Telemetry bookinfo/a',
          'spec.selector',
          'it has no selector and applies to the whole namespace, as Telemetry b of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
        finding(
          telemetryUnique,
          'Telemetry bookinfo/b',
          'spec.selector',
          'it has no selector and applies to the whole namespace, as Telemetry a of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
      ],
    );
  });

  it('accepts one for the namespace and one for some workloads', () => {
    assert.deepEqual(judged(telemetryUnique, [telemetry('a', {}), selecting('b', { app: 'b' })]), []);
  });

  it('refuses selectors of which one includes the other', () => {
    assert.deepEqual(
      judged(telemetryUnique, [selecting('a', { app: 'a' }), selecting('b', { app: 'a', version: 'v1' })]),
      [
        finding(
          telemetryUnique,
          'Telemetry bookinfo/a',
          'spec.selector',
          'it selects workloads with app=a, version=v1, as Telemetry b of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
        finding(
          telemetryUnique,
          'Telemetry bookinfo/b',
          'spec.selector',
          'it selects workloads with app=a, version=v1, as Telemetry a of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
      ],
    );
  });

  it('refuses selectors that overlap on a workload', () => {
    assert.deepEqual(
      judged(telemetryUnique, [selecting('a', { app: 'a' }), selecting('b', { version: 'v1' }), deployment('a', 'v1')]),
      [
        finding(
          telemetryUnique,
          'Telemetry bookinfo/a',
          'spec.selector',
          'it selects Deployment a-v1, as Telemetry b of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
        finding(
          telemetryUnique,
          'Telemetry bookinfo/b',
          'spec.selector',
          'it selects Deployment a-v1, as Telemetry a of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
      ],
    );
  });

  it('allows selectors that do not overlap', () => {
    assert.deepEqual(
      judged(telemetryUnique, [
        selecting('a', { app: 'a' }),
        selecting('b', { version: 'v1' }),
        selecting('c', { app: 'c' }),
        deployment('a', 'v2'),
      ]),
      [],
    );
  });

  it('ignores those that name their targets', () => {
    assert.deepEqual(
      judged(telemetryUnique, [
        telemetry('a', { targetRefs: [{ kind: 'Service', name: 'a' }] }),
        telemetry('b', { targetRefs: [{ kind: 'Service', name: 'a' }] }),
      ]),
      [],
    );
  });
});
