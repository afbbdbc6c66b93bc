import assert from 'node:assert/strict';
import { peerauthUnique } from '../../../policy/rules/peerauth-unique';
import { deployment, finding, judged, peerAuthentication } from '../mesh-objects';

const selecting = (name: string, labels: object, metadata = {}) =>
  peerAuthentication(name, { selector: { matchLabels: labels } }, metadata);

describe('peerauth-unique', () => {
  it('refuses two for one namespace', () => {
    assert.deepEqual(
      judged(peerauthUnique, [
        peerAuthentication('a', {}),
        peerAuthentication('b', {}),
        peerAuthentication('c', {}, { namespace: 'other' }),
      ]),
      [
        finding(
          peerauthUnique,
          'PeerAuthentication bookinfo/a',
          'spec.selector',
          'it has no selector and applies to the whole namespace, as PeerAuthentication b of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
        finding(
          peerauthUnique,
          'PeerAuthentication bookinfo/b',
          'spec.selector',
          'it has no selector and applies to the whole namespace, as PeerAuthentication a of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
      ],
    );
  });

  it('accepts one for the namespace and one for some workloads', () => {
    assert.deepEqual(judged(peerauthUnique, [peerAuthentication('a', {}), selecting('b', { app: 'b' })]), []);
  });

  it('refuses selectors of which one includes the other', () => {
    assert.deepEqual(
      judged(peerauthUnique, [selecting('a', { app: 'a' }), selecting('b', { app: 'a', version: 'v1' })]),
      [
        finding(
          peerauthUnique,
          'PeerAuthentication bookinfo/a',
          'spec.selector',
          'it selects workloads with app=a, version=v1, as PeerAuthentication b of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
        finding(
          peerauthUnique,
          'PeerAuthentication bookinfo/b',
          'spec.selector',
          'it selects workloads with app=a, version=v1, as PeerAuthentication a of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
      ],
    );
  });

  it('refuses selectors that overlap on a workload', () => {
    assert.deepEqual(
      judged(peerauthUnique, [selecting('a', { app: 'a' }), selecting('b', { version: 'v1' }), deployment('a', 'v1')]),
      [
        finding(
          peerauthUnique,
          'PeerAuthentication bookinfo/a',
          'spec.selector',
          'it selects Deployment a-v1, as PeerAuthentication b of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
        finding(
          peerauthUnique,
          'PeerAuthentication bookinfo/b',
          'spec.selector',
          'it selects Deployment a-v1, as PeerAuthentication a of namespace bookinfo does too; istiod uses the oldest and ignores the rest. Keep one, or make their selectors differ',
        ),
      ],
    );
  });

  it('allows selectors that do not overlap', () => {
    assert.deepEqual(
      judged(peerauthUnique, [
        selecting('a', { app: 'a' }),
        selecting('b', { version: 'v1' }),
        selecting('c', { app: 'c' }),
        deployment('a', 'v2'),
      ]),
      [],
    );
  });
});
