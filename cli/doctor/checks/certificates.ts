import { hasLabels } from '../../../mesh/model/workload-index';
import { X509Certificate } from 'node:crypto';
import { asList, asMap, asName, asString, asStringMap, asStrings } from '../../../mesh/json';
import { type ClusterFacts, type Finding, known } from '../facts';
import { controlPlanes, injectorsOf, validatorsOf, labelsOf, nameOf, namespaceOf, objectsOf, specOf } from './objects';

/** A certificate that expires within this time is a finding. */
const warnDays = 30;
const dayMs = 24 * 60 * 60 * 1000;

/** The certificates of a PEM file; parts that cannot be read are left out. */
export function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).flatMap((part) => {
    try {
      return [new X509Certificate(part)];
    } catch {
      return [];
    }
  });
}

export function fingerprint({ fingerprint256 }: X509Certificate): string {
  return fingerprint256;
}

/** Secrets as `namespace/name`: those of the mesh's CA, and those that Gateways name, each with its Gateway. */
export function secretsOf(facts: Pick<ClusterFacts, 'objects'>): {
  authorities: string[];
  credentials: Map<string, string>;
} {
  const all = facts as ClusterFacts;
  const namespaces = new Set(controlPlanes(all).map(({ namespace }) => namespace));
  const credentials = new Map<string, string>();
  for (const gateway of objectsOf(all, 'gateways')) {
    const selector = asStringMap(specOf(gateway)['selector']);
    const running = objectsOf(all, 'pods').filter((pod) => hasLabels(labelsOf(pod), selector));
    const places = new Set(running.length === 0 ? [namespaceOf(gateway)] : running.map(namespaceOf));
    for (const server of asList(specOf(gateway)['servers'])) {
      const tls = asMap(asMap(server)['tls']);
      const names = [asName(tls['credentialName']), ...asStrings(tls['credentialNames'])].filter(
        (name) => name !== undefined && !name.includes('://'),
      );
      for (const name of names)
        for (const place of places)
          credentials.set(`${place}/${name ?? ''}`, `Gateway ${namespaceOf(gateway)}/${nameOf(gateway)}`);
    }
  }
  return {
    authorities: [...namespaces].flatMap((namespace) => [`${namespace}/cacerts`, `${namespace}/istio-ca-secret`]),
    credentials,
  };
}

/** Certificates that have expired or expire soon, and missing Secrets that Gateways name. */
export function judgeCertificates(facts: ClusterFacts): Finding[] {
  const { authorities, credentials } = secretsOf(facts);
  const missing = [...credentials].flatMap(([secret, where]): Finding[] =>
    known(facts.secrets.get(secret) ?? { unknown: `Secret ${secret} was not read` }) === undefined
      ? [
          {
            what: `names the Secret ${secret}, which does not exist: the gateway serves no TLS on that port`,
            where,
            fix: 'create the Secret in the namespace of the gateway pods, or let cert-manager do it: docs/your-cluster.md',
          },
        ]
      : [],
  );
  const ofSecrets = [...new Set([...authorities, ...credentials.keys()])].flatMap((secret) =>
    Object.entries(known(facts.secrets.get(secret) ?? { value: undefined })?.certificates ?? {}).flatMap(([key, pem]) =>
      judgeEnd(`Secret ${secret}, ${key}`, pem, facts.now, authorities.includes(secret)),
    ),
  );
  const ofWebhooks = [...injectorsOf(facts), ...validatorsOf(facts)].flatMap((configuration) =>
    asList(asMap(configuration)['webhooks'])
      .slice(0, 1)
      .flatMap((webhook) => {
        const bundle = asString(asMap(asMap(webhook)['clientConfig'])['caBundle']) ?? '';
        const pem = Buffer.from(bundle, 'base64').toString('utf8');
        return judgeEnd(`${configuration.kind} ${nameOf(configuration)}, caBundle`, pem, facts.now, true);
      }),
  );
  return [...missing, ...ofSecrets, ...ofWebhooks];
}

function judgeEnd(where: string, pem: string, now: Date, isAuthority: boolean): Finding[] {
  const ends = certificatesIn(pem).map(({ validTo }) => new Date(validTo).getTime());
  const days = Math.floor((Math.min(...ends) - now.getTime()) / dayMs);
  if (ends.length === 0 || days >= warnDays) return [];
  const day = new Date(Math.min(...ends)).toISOString().slice(0, 10);
  return [
    {
      what: days < 0 ? `certificate expired on ${day}` : `certificate expires on ${day}, in ${days} days`,
      where,
      fix: isAuthority
        ? 'rotate the CA of the mesh: https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/'
        : 'renew it; with cert-manager, see why its Certificate is not renewed: kubectl describe certificate',
    },
  ];
}
