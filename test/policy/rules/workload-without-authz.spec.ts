import assert from 'node:assert/strict';
import { workloadWithoutAuthz } from '../../../policy/rules/workload-without-authz';
import { authorizationPolicy, deployment, finding, judged, namespace, service } from '../mesh-objects';

const policy = (name: string, spec: Record<string, unknown>, metadata = {}) =>
  authorizationPolicy(name, spec, metadata);

describe('workload-without-authz', () => {
  it('advises on a workload without a policy', () => {
    assert.deepEqual(
      judged(workloadWithoutAuthz, [
        deployment('a', 'v1'),
        deployment('b', 'v1'),
        policy('a', { selector: { matchLabels: { app: 'a' } } }),
      ]),
      [
        finding(
          workloadWithoutAuthz,
          'Deployment bookinfo/b-v1',
          '',
          'no AuthorizationPolicy applies to this workload, so every client that reaches it may call it; add one for it or for namespace bookinfo',
        ),
      ],
    );
  });

  it('accepts policies of the namespace and of the mesh', () => {
    assert.deepEqual(
      judged(workloadWithoutAuthz, [
        deployment('a', 'v1'),
        policy('all', {}),
        deployment('b', 'v1', {}, { namespace: 'other' }),
        policy('mesh', { selector: { matchLabels: { app: 'b' } } }, { namespace: 'istio-system' }),
      ]),
      [],
    );
  });

  it('accepts a policy for a Service of the workload', () => {
    assert.deepEqual(
      judged(workloadWithoutAuthz, [
        service('a'),
        deployment('a', 'v1'),
        policy('a', { targetRefs: [{ kind: 'Service', name: 'a' }] }),
      ]),
      [],
    );
  });

  it('reports nothing for a mesh without any policy, unless the set is complete', () => {
    assert.deepEqual(judged(workloadWithoutAuthz, [deployment('a', 'v1')]), []);
  });

  it('reports it when the set is complete', () => {
    assert.deepEqual(judged(workloadWithoutAuthz, [deployment('a', 'v1')], { complete: true }), [
      finding(
        workloadWithoutAuthz,
        'Deployment bookinfo/a-v1',
        '',
        'no AuthorizationPolicy applies to this workload, so every client that reaches it may call it; add one for it or for namespace bookinfo',
      ),
    ]);
  });

  it('ignores workloads without a proxy and control planes', () => {
    assert.deepEqual(
      judged(workloadWithoutAuthz, [
        namespace('plain'),
        deployment('a', 'v1', {}, { namespace: 'plain' }),
        deployment('b', 'v1', {}, { namespace: 'istio-system' }),
        policy('x', { selector: { matchLabels: { app: 'x' } } }),
      ]),
      [],
    );
  });
});
