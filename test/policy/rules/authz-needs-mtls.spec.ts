import assert from 'node:assert/strict';
import { authzNeedsMtls } from '../../../policy/rules/authz-needs-mtls';
import {
  authorizationPolicy,
  deployment,
  destinationRule,
  finding,
  judged,
  peerAuthentication,
  service,
} from '../mesh-objects';

const policy = authorizationPolicy('who', {
  selector: { matchLabels: { app: 'ratings' } },
  rules: [{ from: [{ source: { principals: ['*'] } }], when: [{ key: 'source.namespace', values: ['a'] }] }],
});
const mode = (value: string, spec: object = {}) => peerAuthentication('default', { mtls: { mode: value }, ...spec });

describe('authz-needs-mtls', () => {
  it('refuses identities where mutual TLS is off', () => {
    assert.deepEqual(judged(authzNeedsMtls, [mode('DISABLE'), policy]), [
      finding(
        authzNeedsMtls,
        'AuthorizationPolicy bookinfo/who',
        'spec.rules[0].from[0].source.principals',
        "this checks the client's identity, which only mutual TLS gives, but PeerAuthentication bookinfo/default switches it off (mode DISABLE); switch mutual TLS on, or use other conditions",
      ),
      finding(
        authzNeedsMtls,
        'AuthorizationPolicy bookinfo/who',
        'spec.rules[0].when[0].key',
        "this checks the client's identity, which only mutual TLS gives, but PeerAuthentication bookinfo/default switches it off (mode DISABLE); switch mutual TLS on, or use other conditions",
      ),
    ]);
  });

  it('accepts STRICT, and PERMISSIVE by default', () => {
    assert.deepEqual(
      judged(authzNeedsMtls, [
        mode('STRICT'),
        policy,
        authorizationPolicy(
          'other',
          { rules: [{ from: [{ source: { namespaces: ['a'] } }] }] },
          { namespace: 'other' },
        ),
      ]),
      [],
    );
  });

  it('considers the selected workload', () => {
    assert.deepEqual(
      judged(authzNeedsMtls, [
        mode('STRICT'),
        peerAuthentication('ratings', { selector: { matchLabels: { app: 'ratings' } }, mtls: { mode: 'DISABLE' } }),
        deployment('ratings', 'v1'),
        policy,
      ]),
      [
        finding(
          authzNeedsMtls,
          'AuthorizationPolicy bookinfo/who',
          'spec.rules[0].from[0].source.principals',
          "this checks the client's identity, which only mutual TLS gives, but PeerAuthentication bookinfo/ratings switches it off (mode DISABLE); switch mutual TLS on, or use other conditions",
        ),
        finding(
          authzNeedsMtls,
          'AuthorizationPolicy bookinfo/who',
          'spec.rules[0].when[0].key',
          "this checks the client's identity, which only mutual TLS gives, but PeerAuthentication bookinfo/ratings switches it off (mode DISABLE); switch mutual TLS on, or use other conditions",
        ),
      ],
    );
  });

  it('notices that clients must use plaintext', () => {
    assert.deepEqual(
      judged(authzNeedsMtls, [
        service('ratings'),
        deployment('ratings', 'v1'),
        destinationRule('ratings', { host: 'ratings', trafficPolicy: { tls: { mode: 'DISABLE' } } }),
        policy,
      ]),
      [
        finding(
          authzNeedsMtls,
          'AuthorizationPolicy bookinfo/who',
          'spec.rules[0].from[0].source.principals',
          "this checks the client's identity, which only mutual TLS gives, but DestinationRule bookinfo/ratings makes clients of ratings.bookinfo.svc.cluster.local use TLS mode DISABLE; switch mutual TLS on, or use other conditions",
        ),
        finding(
          authzNeedsMtls,
          'AuthorizationPolicy bookinfo/who',
          'spec.rules[0].when[0].key',
          "this checks the client's identity, which only mutual TLS gives, but DestinationRule bookinfo/ratings makes clients of ratings.bookinfo.svc.cluster.local use TLS mode DISABLE; switch mutual TLS on, or use other conditions",
        ),
      ],
    );
  });

  it('sees that auto mTLS is off', () => {
    assert.deepEqual(
      judged(authzNeedsMtls, [service('ratings'), deployment('ratings', 'v1'), policy], {
        mesh: { meshConfig: { enableAutoMtls: false } },
      }),
      [
        finding(
          authzNeedsMtls,
          'AuthorizationPolicy bookinfo/who',
          'spec.rules[0].from[0].source.principals',
          "this checks the client's identity, which only mutual TLS gives, but auto mTLS is off and no DestinationRule tells clients of ratings.bookinfo.svc.cluster.local to use it; switch mutual TLS on, or use other conditions",
        ),
        finding(
          authzNeedsMtls,
          'AuthorizationPolicy bookinfo/who',
          'spec.rules[0].when[0].key',
          "this checks the client's identity, which only mutual TLS gives, but auto mTLS is off and no DestinationRule tells clients of ratings.bookinfo.svc.cluster.local to use it; switch mutual TLS on, or use other conditions",
        ),
      ],
    );
  });

  it('ignores policies that do not check identities', () => {
    assert.deepEqual(
      judged(authzNeedsMtls, [
        mode('DISABLE'),
        authorizationPolicy('what', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] }),
      ]),
      [],
    );
  });
});
