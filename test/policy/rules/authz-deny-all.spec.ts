import assert from 'node:assert/strict';
import { authzDenyAll } from '../../../policy/rules/authz-deny-all';
import { authorizationPolicy, finding, judged } from '../mesh-objects';

const policy = (name: string, spec: Record<string, unknown>, metadata = {}) =>
  authorizationPolicy(name, spec, metadata);
const get = { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] };

describe('authz-deny-all', () => {
  it('refuses a policy that allows no request', () => {
    assert.deepEqual(judged(authzDenyAll, [policy('none', {})]), [
      finding(
        authzDenyAll,
        'AuthorizationPolicy bookinfo/none',
        'spec',
        'it allows nothing, and no other ALLOW policy allows any request, so every request to namespace bookinfo is refused with 403; add rules, or declare that with a waiver',
      ),
    ]);
  });

  it('accepts it as the base of policies that allow some requests', () => {
    assert.deepEqual(judged(authzDenyAll, [policy('none', {}), policy('get', get)]), []);
  });

  it('considers which workloads the other policies select', () => {
    assert.deepEqual(
      judged(authzDenyAll, [
        policy('none', { selector: { matchLabels: { app: 'a' } } }),
        policy('get', { ...get, selector: { matchLabels: { app: 'b' } } }),
        policy('other', get, { namespace: 'other' }),
      ]),
      [
        finding(
          authzDenyAll,
          'AuthorizationPolicy bookinfo/none',
          'spec',
          'it allows nothing, and no other ALLOW policy allows any request, so every request to pods of namespace bookinfo with app=a is refused with 403; add rules, or declare that with a waiver',
        ),
      ],
    );
  });

  it('refuses a DENY of everything', () => {
    assert.deepEqual(judged(authzDenyAll, [policy('deny', { action: 'DENY', rules: [{}] })]), [
      finding(
        authzDenyAll,
        'AuthorizationPolicy bookinfo/deny',
        'spec.rules[0]',
        'a DENY rule without conditions refuses every request to namespace bookinfo with 403; add conditions, or declare that with a waiver',
      ),
    ]);
  });

  it('accepts a DENY with conditions and an ALLOW of everything', () => {
    assert.deepEqual(
      judged(authzDenyAll, [policy('deny', { ...get, action: 'DENY' }), policy('allow', { rules: [{}] })]),
      [],
    );
  });

  it('refuses a provider that MeshConfig does not have', () => {
    assert.deepEqual(
      judged(authzDenyAll, [policy('ext', { action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] })], {
        mesh: { meshConfig: { extensionProviders: [{ name: 'oauth2' }] } },
      }),
      [
        finding(
          authzDenyAll,
          'AuthorizationPolicy bookinfo/ext',
          'spec.provider.name',
          'MeshConfig has no extension provider "opa" (it has oauth2), so every request to namespace bookinfo is refused with 403; add the provider to meshConfig.extensionProviders',
        ),
      ],
    );
  });

  it('reports no provider if MeshConfig is unknown', () => {
    assert.deepEqual(
      judged(authzDenyAll, [policy('ext', { action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] })]),
      [],
    );
  });

  it('respects a waiver, which the check lists', () => {
    assert.deepEqual(
      judged(authzDenyAll, [
        policy(
          'none',
          {},
          { annotations: { 'policy.meshwright.io/waive.authz-deny-all': 'locked until the audit is over' } },
        ),
      ]),
      [],
    );
  });
});
