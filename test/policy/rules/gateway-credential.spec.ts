import assert from 'node:assert/strict';
import { gatewayCredential } from '../../../policy/rules/gateway-credential';
import { finding, gateway, judged, object } from '../mesh-objects';

/** A certificate of an elliptic curve key, valid for a year from November 2026. */
const certificate =
  '-----BEGIN CERTIFICATE-----\nMIIBizCCATGgAwIBAgIUKaudn4f0pgtSOmlLvP5unsv0XCMwCgYIKoZIzj0EAwIw\nGzEZMBcGA1UEAwwQc2hvcC5leGFtcGxlLmNvbTAeFw0yNjExMjExMDA3MzBaFw0y\nNzExMjExMDA3MzBaMBsxGTAXBgNVBAMMEHNob3AuZXhhbXBsZS5jb20wWTATBgcq\nhkjOPQIBBggqhkjOPQMBBwNCAARt3NYzwv4T/LsEcOeNB85qbRgb98deLcObYx4F\nYA9mAa8p8mX1B7sD53uNRbLZDt2m9V+87eoYrcnxdA5CQI4bo1MwUTAdBgNVHQ4E\nFgQUiCI4xVK30o10kZbgIpTlDJL69QUwHwYDVR0jBBgwFoAUiCI4xVK30o10kZbg\nIpTlDJL69QUwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAn1en\nXr+rkb70UIQB7/9mfXGXRco1zsyQFd9XzKUu/YkCIBrGhU5TrmUiWgIr0gdVQ+4U\nFFZXC7epDl4lIbLO3gSY\n-----END CERTIFICATE-----';
const pods = {
  gatewayWorkloads: [{ namespace: 'istio-ingress', labels: { istio: 'ingress' } }],
  now: new Date('2027-01-01T00:00:00Z'),
};
const edge = (tls: object = { mode: 'SIMPLE', credentialName: 'cert' }, name = 'edge') =>
  gateway(name, {
    selector: { istio: 'ingress' },
    servers: [{ port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: [`${name}.example.com`], tls }],
  });
const secret = (name: string, stringData: object, namespaceName = 'istio-ingress') => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: namespaceName },
  stringData,
});
const pair = { 'tls.crt': certificate, 'tls.key': 'not looked at' };

describe('gateway-credential', () => {
  it('accepts a certificate that is valid', () => {
    assert.deepEqual(judged(gatewayCredential, [edge(), secret('cert', pair)], pods), []);
  });

  it('reads the certificate behind other entries of the PEM', () => {
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    const behind = { ...pair, 'tls.crt': `${parameters}${certificate}\n` };
    assert.deepEqual(judged(gatewayCredential, [edge(), secret('cert', behind)], pods), []);
  });

  it('refuses an expired one, without quoting it', () => {
    assert.deepEqual(
      judged(gatewayCredential, [edge(), secret('cert', pair)], { ...pods, now: new Date('2040-01-01T00:00:00Z') }),
      [
        finding(
          gatewayCredential,
          'Gateway bookinfo/edge',
          'spec.servers[0].tls.credentialName',
          'Secret istio-ingress/cert, which this server needs, holds a certificate that expired on 2027-11-21; renew it',
        ),
      ],
    );
  });

  it('refuses one that is not valid yet', () => {
    assert.deepEqual(
      judged(gatewayCredential, [edge(), secret('cert', pair)], { ...pods, now: new Date('2020-01-01T00:00:00Z') }),
      [
        finding(
          gatewayCredential,
          'Gateway bookinfo/edge',
          'spec.servers[0].tls.credentialName',
          'Secret istio-ingress/cert, which this server needs, holds a certificate that is not valid before 2026-11-21',
        ),
      ],
    );
  });

  it('refuses a Secret that cannot be read, or without a key', () => {
    assert.deepEqual(
      judged(
        gatewayCredential,
        [
          edge(),
          secret('cert', { 'tls.crt': 'nonsense', 'tls.key': 'x' }),
          edge({ mode: 'SIMPLE', credentialName: 'half' }, 'other'),
          secret('half', { 'tls.crt': certificate }),
        ],
        pods,
      ),
      [
        finding(
          gatewayCredential,
          'Gateway bookinfo/edge',
          'spec.servers[0].tls.credentialName',
          'Secret istio-ingress/cert, which this server needs, holds no certificate in PEM that can be read',
        ),
        finding(
          gatewayCredential,
          'Gateway bookinfo/other',
          'spec.servers[0].tls.credentialName',
          'Secret istio-ingress/half, which this server needs, holds no certificate and key: it needs tls.crt and tls.key (or cert and key)',
        ),
      ],
    );
  });

  it('finds the Secret in the wrong namespace', () => {
    assert.deepEqual(judged(gatewayCredential, [edge(), secret('cert', pair, 'bookinfo')], pods), [
      finding(
        gatewayCredential,
        'Gateway bookinfo/edge',
        'spec.servers[0].tls.credentialName',
        'Secret istio-ingress/cert, which this server needs, does not exist: Secret bookinfo/cert has it in namespace bookinfo, but the pods of the gateway are in istio-ingress; move it there',
      ),
    ]);
  });

  it('reports a missing Secret if the namespace has others', () => {
    assert.deepEqual(judged(gatewayCredential, [edge(), secret('other', pair)], pods), [
      finding(
        gatewayCredential,
        'Gateway bookinfo/edge',
        'spec.servers[0].tls.credentialName',
        'Secret istio-ingress/cert, which this server needs, does not exist; create it there, or declare it in externals.secrets',
      ),
    ]);
  });

  it('reports nothing without information about Secrets or the pods', () => {
    assert.deepEqual(
      judged(gatewayCredential, [edge(), edge({ mode: 'SIMPLE', credentialName: 'far' }, 'far')], {
        gatewayWorkloads: pods.gatewayWorkloads,
      }),
      [],
    );
  });

  it('recognizes Certificates and declared Secrets', () => {
    assert.deepEqual(
      judged(
        gatewayCredential,
        [
          edge(),
          object('cert-manager.io/v1', 'Certificate', 'x', { secretName: 'cert' }, { namespace: 'istio-ingress' }),
          edge({ mode: 'SIMPLE', credentialName: 'declared' }, 'b'),
        ],
        { ...pods, externals: { secrets: ['istio-ingress/declared'] } },
      ),
      [],
    );
  });

  it('requires a CA for mutual TLS', () => {
    assert.deepEqual(
      judged(gatewayCredential, [edge({ mode: 'MUTUAL', credentialName: 'cert' }), secret('cert', pair)], pods),
      [
        finding(
          gatewayCredential,
          'Gateway bookinfo/edge',
          'spec.servers[0].tls.credentialName',
          'Secret istio-ingress/cert, which this server needs, holds no CA for mode MUTUAL: it needs ca.crt, or a second Secret cert-cacert',
        ),
      ],
    );
  });

  it('accepts the CA in a second Secret', () => {
    assert.deepEqual(
      judged(
        gatewayCredential,
        [
          edge({ mode: 'MUTUAL', credentialName: 'cert' }),
          secret('cert', pair),
          secret('cert-cacert', { 'ca.crt': certificate }),
        ],
        pods,
      ),
      [],
    );
  });

  it('advises on one certificate in two Gateways of the same pods', () => {
    assert.deepEqual(judged(gatewayCredential, [edge(), edge(undefined, 'second'), secret('cert', pair)], pods), [
      finding(
        gatewayCredential,
        'Gateway bookinfo/edge',
        'spec.servers[0].tls.credentialName',
        'Gateway bookinfo/second uses the same certificate "cert" on the same pods: browsers reuse the connection of one for hosts of the other and get 404. Serve both hosts from one Gateway',
        'advisory',
      ),
      finding(
        gatewayCredential,
        'Gateway bookinfo/second',
        'spec.servers[0].tls.credentialName',
        'Gateway bookinfo/edge uses the same certificate "cert" on the same pods: browsers reuse the connection of one for hosts of the other and get 404. Serve both hosts from one Gateway',
        'advisory',
      ),
    ]);
  });

  it('reads Secrets in the form that the API server stores', () => {
    assert.deepEqual(
      judged(
        gatewayCredential,
        [
          edge(),
          {
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { name: 'cert', namespace: 'istio-ingress' },
            data: { 'tls.crt': btoa(certificate), 'tls.key': btoa('x') },
          },
        ],
        pods,
      ),
      [],
    );
  });
});
