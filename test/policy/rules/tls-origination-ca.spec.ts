import assert from 'node:assert/strict';
import { tlsOriginationCa } from '../../../policy/rules/tls-origination-ca';
import { destinationRule, finding, judged } from '../mesh-objects';

const opening = (tls: object, spec: object = {}) =>
  destinationRule('db', { host: 'db.example.com', trafficPolicy: { tls }, ...spec });

describe('tls-origination-ca', () => {
  it('advises on TLS without a CA, at each level', () => {
    assert.deepEqual(
      judged(tlsOriginationCa, [
        opening(
          { mode: 'SIMPLE' },
          {
            subsets: [
              { name: 'a', trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'MUTUAL' } }] } },
            ],
          },
        ),
      ]),
      [
        finding(
          tlsOriginationCa,
          'DestinationRule bookinfo/db',
          'spec.subsets[0].trafficPolicy.portLevelSettings[0].tls',
          'TLS MUTUAL to db.example.com without caCertificates: no CA is stated to verify the server; state caCertificates, "system" for the CAs of the image',
        ),
        finding(
          tlsOriginationCa,
          'DestinationRule bookinfo/db',
          'spec.trafficPolicy.tls',
          'TLS SIMPLE to db.example.com without caCertificates: no CA is stated to verify the server; state caCertificates, "system" for the CAs of the image',
        ),
      ],
    );
  });

  it('accepts a CA, Istio mutual TLS and none', () => {
    assert.deepEqual(
      judged(tlsOriginationCa, [
        opening({ mode: 'SIMPLE', caCertificates: 'system' }),
        destinationRule('a', { host: 'a', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } }),
        destinationRule('b', { host: 'b', trafficPolicy: { tls: { mode: 'DISABLE' } } }),
      ]),
      [],
    );
  });

  it('accepts a credentialName only together with a workloadSelector', () => {
    assert.deepEqual(
      judged(tlsOriginationCa, [
        opening({ mode: 'SIMPLE', credentialName: 'ca' }),
        destinationRule('some', {
          host: 'db',
          workloadSelector: { matchLabels: { app: 'cart' } },
          trafficPolicy: { tls: { mode: 'SIMPLE', credentialName: 'ca' } },
        }),
      ]),
      [
        finding(
          tlsOriginationCa,
          'DestinationRule bookinfo/db',
          'spec.trafficPolicy.tls',
          'TLS SIMPLE to db.example.com without caCertificates: no CA is stated to verify the server; state caCertificates, "system" for the CAs of the image',
        ),
      ],
    );
  });
});
