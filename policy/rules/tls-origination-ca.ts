import { asMap, asName } from '../../mesh/json';
import { hostRules, type HostRule, policiesOf, tlsMode } from '../model/host-rules';
import type { Rule, Violation } from '../rule';

/** With `credentialName` and a workloadSelector the CA comes from the Secret; without the selector sidecars do not read Secrets at all. */
export const tlsOriginationCa: Rule = {
  id: 'tls-origination-ca',
  level: 'advisory',
  title: 'a client that opens TLS states the CA by which it knows the server',
  istio: ['IST0128', 'IST0129'],
  single: true,
  docs: {
    why: 'Without caCertificates a proxy may take any certificate that the system CAs vouch for, or, where they are not used, any certificate at all: the connection is encrypted, but to whom is not known.',
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
    const message = `TLS ${mode} to ${rule.host} without caCertificates: nothing says by which CA the server is known; state caCertificates, "system" for those of the image`;
    return [{ object: rule.source.object, path: `${path}.tls`, message }];
  });
}
