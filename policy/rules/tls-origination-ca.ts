import { asMap, asName } from '../../mesh/json';
import { hostRules, type HostRule, policiesOf, tlsMode } from '../model/host-rules';
import type { Rule, Violation } from '../rule';

/** With `credentialName` and a workloadSelector the CA comes from the Secret; without the selector sidecars do not read Secrets at all. */
export const tlsOriginationCa: Rule = {
  id: 'tls-origination-ca',
  level: 'advisory',
  title: 'a client that originates TLS states the CA that verifies the server',
  istio: ['IST0128', 'IST0129'],
  single: true,
  docs: {
    why: 'Without caCertificates a proxy accepts a certificate from any system CA, or any certificate at all: the connection is encrypted, but the server is not verified.',
    bad: `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: db, namespace: shop }
spec:
  host: db.example.com
  trafficPolicy: { tls: { mode: SIMPLE } }
`,
    good: `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: db, namespace: shop }
spec:
  host: db.example.com
  trafficPolicy: { tls: { mode: SIMPLE, caCertificates: /etc/ssl/certs/db-ca.pem } }
`,
    fix: 'State caCertificates (`system` for the CAs of the image), or a credentialName together with a workloadSelector.',
  },
  check: (model) => hostRules(model).all.flatMap(violations),
};

function violations(rule: HostRule): Violation[] {
  return policiesOf(rule).flatMap(({ policy, path }) => {
    const mode = tlsMode(policy);
    const tls = asMap(policy['tls']);
    if ((mode !== 'SIMPLE' && mode !== 'MUTUAL') || asName(tls['caCertificates']) !== undefined) return [];
    if (asName(tls['credentialName']) !== undefined && rule.selector !== undefined) return [];
    const message = `TLS ${mode} to ${rule.host} without caCertificates: no CA is stated to verify the server; state caCertificates, "system" for the CAs of the image`;
    return [{ object: rule.source.object, path: `${path}.tls`, message }];
  });
}
