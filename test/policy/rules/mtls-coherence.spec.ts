import assert from 'node:assert/strict';
import { mtlsCoherence } from '../../../policy/rules/mtls-coherence';
import {
  deployment,
  destinationRule,
  finding,
  judged,
  namespace,
  peerAuthentication,
  service,
  serviceEntry,
} from '../mesh-objects';

const strict = (spec: object = {}, metadata = {}) =>
  peerAuthentication('default', { mtls: { mode: 'STRICT' }, ...spec }, metadata);
const tls = (mode: string, host = 'ratings', metadata = {}) =>
  destinationRule('ratings', { host, trafficPolicy: { tls: { mode } } }, metadata);

describe('mtls-coherence', () => {
  it('refuses plaintext to a strict namespace', () => {
    assert.deepEqual(judged(mtlsCoherence, [strict(), tls('DISABLE')]), [
      finding(
        mtlsCoherence,
        'DestinationRule bookinfo/ratings',
        'spec.trafficPolicy.tls.mode',
        'clients of ratings.bookinfo.svc.cluster.local use TLS mode DISABLE, but the server accepts Istio mutual TLS only (PeerAuthentication bookinfo/default, mode STRICT); leave tls out, or make the two agree',
      ),
    ]);
  });

  it('accepts mutual TLS, and rules without TLS settings', () => {
    assert.deepEqual(
      judged(mtlsCoherence, [strict(), tls('ISTIO_MUTUAL'), destinationRule('reviews', { host: 'reviews' })]),
      [],
    );
  });

  it("refuses other TLS to a server that is strict by the mesh's policy", () => {
    assert.deepEqual(judged(mtlsCoherence, [strict({}, { namespace: 'istio-system' }), tls('SIMPLE')]), [
      finding(
        mtlsCoherence,
        'DestinationRule bookinfo/ratings',
        'spec.trafficPolicy.tls.mode',
        'clients of ratings.bookinfo.svc.cluster.local use TLS mode SIMPLE, but the server accepts Istio mutual TLS only (PeerAuthentication istio-system/default, mode STRICT); leave tls out, or make the two agree',
      ),
    ]);
  });

  it('lets the namespace override the mesh', () => {
    assert.deepEqual(
      judged(mtlsCoherence, [
        strict({}, { namespace: 'istio-system' }),
        peerAuthentication('default', { mtls: { mode: 'PERMISSIVE' } }),
        tls('DISABLE'),
      ]),
      [],
    );
  });

  it('refuses mutual TLS to a server that takes plaintext only', () => {
    assert.deepEqual(
      judged(mtlsCoherence, [peerAuthentication('default', { mtls: { mode: 'DISABLE' } }), tls('ISTIO_MUTUAL')]),
      [
        finding(
          mtlsCoherence,
          'DestinationRule bookinfo/ratings',
          'spec.trafficPolicy.tls.mode',
          'clients of ratings.bookinfo.svc.cluster.local use TLS mode ISTIO_MUTUAL, but the server accepts plaintext only (PeerAuthentication bookinfo/default, mode DISABLE); leave tls out, or make the two agree',
        ),
      ],
    );
  });

  it('judges each port by the setting in force for it', () => {
    const strictPort = peerAuthentication('ratings', {
      selector: { matchLabels: { app: 'ratings' } },
      mtls: { mode: 'PERMISSIVE' },
      portLevelMtls: { 9080: { mode: 'STRICT' } },
    });
    const rule = (trafficPolicy: object) => destinationRule('ratings', { host: 'ratings', trafficPolicy });
    const levels = (trafficPolicy: object): string[] =>
      judged(mtlsCoherence, [service('ratings'), deployment('ratings', 'v1'), strictPort, rule(trafficPolicy)]).map(
        ({ level, path }) => `${level} ${path}`,
      );
    assert.deepEqual(levels({ tls: { mode: 'DISABLE' } }), ['mandatory spec.trafficPolicy.tls.mode']);
    const mutual = [{ port: { number: 9080 }, tls: { mode: 'ISTIO_MUTUAL' } }];
    assert.deepEqual(levels({ tls: { mode: 'DISABLE' }, portLevelSettings: mutual }), []);
  });

  it('finds a rule that replaces the one with mutual TLS, when auto mTLS is off', () => {
    const options = { mesh: { meshConfig: { enableAutoMtls: false } } };
    const found = judged(
      mtlsCoherence,
      [
        service('ratings'),
        destinationRule('mesh', { host: '*.local', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } }),
        destinationRule('ratings', { host: 'ratings', trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } }),
      ],
      options,
    );
    assert.deepEqual(
      found.map(({ level, name, path }) => `${level} ${name} ${path}`),
      ['advisory ratings spec.trafficPolicy'],
    );
  });

  it('considers workloads and the port of the container', () => {
    assert.deepEqual(
      judged(mtlsCoherence, [
        service('ratings'),
        deployment('ratings', 'v1'),
        peerAuthentication('ratings', {
          selector: { matchLabels: { app: 'ratings' } },
          mtls: { mode: 'STRICT' },
          portLevelMtls: { 9080: { mode: 'DISABLE' } },
        }),
        destinationRule('ratings', {
          host: 'ratings',
          trafficPolicy: {
            portLevelSettings: [{ port: { number: 9080 }, tls: { mode: 'ISTIO_MUTUAL' } }],
            tls: { mode: 'DISABLE' },
          },
        }),
      ]),
      [
        finding(
          mtlsCoherence,
          'DestinationRule bookinfo/ratings',
          'spec.trafficPolicy.portLevelSettings[0].tls.mode',
          'clients of ratings.bookinfo.svc.cluster.local use TLS mode ISTIO_MUTUAL, but the server accepts plaintext only (PeerAuthentication bookinfo/ratings, mode DISABLE); leave tls out, or make the two agree',
        ),
      ],
    );
  });

  it('reports nothing for unknown workloads if a policy selects some', () => {
    assert.deepEqual(
      judged(mtlsCoherence, [
        peerAuthentication('ratings', { selector: { matchLabels: { app: 'ratings' } }, mtls: { mode: 'STRICT' } }),
        tls('DISABLE'),
      ]),
      [],
    );
  });

  it('compares rules for whole namespaces and for the mesh', () => {
    assert.deepEqual(
      judged(mtlsCoherence, [
        strict(),
        tls('DISABLE', '*.bookinfo.svc.cluster.local'),
        destinationRule(
          'mesh',
          { host: '*.local', trafficPolicy: { tls: { mode: 'DISABLE' } } },
          { namespace: 'istio-system' },
        ),
      ]),
      [
        finding(
          mtlsCoherence,
          'DestinationRule bookinfo/ratings',
          'spec.trafficPolicy.tls.mode',
          'clients of *.bookinfo.svc.cluster.local use TLS mode DISABLE, but the server accepts Istio mutual TLS only (PeerAuthentication bookinfo/default, mode STRICT); leave tls out, or make the two agree',
        ),
      ],
    );
  });

  it('refuses mutual TLS to a workload without a proxy', () => {
    assert.deepEqual(
      judged(mtlsCoherence, [
        namespace('bookinfo'),
        service('ratings'),
        deployment('ratings', 'v1'),
        tls('ISTIO_MUTUAL'),
      ]),
      [
        finding(
          mtlsCoherence,
          'DestinationRule bookinfo/ratings',
          'spec.trafficPolicy.tls.mode',
          'clients of ratings.bookinfo.svc.cluster.local use TLS mode ISTIO_MUTUAL, but Deployment bookinfo/ratings-v1 has no proxy that could answer mutual TLS; leave tls out, or make the two agree',
        ),
      ],
    );
  });

  it('ignores hosts outside the mesh', () => {
    assert.deepEqual(
      judged(mtlsCoherence, [
        strict(),
        serviceEntry('api', {
          hosts: ['api.example.com'],
          ports: [{ number: 443, name: 'https', protocol: 'HTTPS' }],
          resolution: 'DNS',
        }),
        tls('SIMPLE', 'api.example.com'),
      ]),
      [],
    );
  });

  it('requires a rule for strict servers when auto mTLS is off', () => {
    assert.deepEqual(
      judged(mtlsCoherence, [strict(), service('ratings'), deployment('ratings', 'v1')], {
        mesh: { meshConfig: { enableAutoMtls: false } },
      }),
      [
        finding(
          mtlsCoherence,
          'PeerAuthentication bookinfo/default',
          'spec.mtls.mode',
          'servers accept mutual TLS only, but auto mTLS is off and no DestinationRule in effect tells clients of ratings.bookinfo.svc.cluster.local to use it; add one with tls mode ISTIO_MUTUAL, or switch enableAutoMtls on',
        ),
      ],
    );
  });

  it('accepts such a rule', () => {
    assert.deepEqual(
      judged(mtlsCoherence, [strict(), service('ratings'), deployment('ratings', 'v1'), tls('ISTIO_MUTUAL')], {
        mesh: { meshConfig: { enableAutoMtls: false } },
      }),
      [],
    );
  });
});
