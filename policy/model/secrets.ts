import { X509Certificate } from 'node:crypto';
import { asMap, asName, asString, isMap, valueAt } from '../../mesh/json';
import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { MeshObject } from '../../mesh/model/mesh-model';

/**
 * Objects from which a controller creates a Secret, by `group/kind`, and the field with its name. Without that field
 * the Secret has the object's name.
 */
const makers = new Map<string, string[]>([
  ['/Secret', ['metadata', 'name']],
  ['cert-manager.io/Certificate', ['spec', 'secretName']],
  ['external-secrets.io/ExternalSecret', ['spec', 'target', 'name']],
  ['bitnami.com/SealedSecret', ['spec', 'template', 'metadata', 'name']],
]);

/** Name of the Secret: the object itself, or what a controller creates from it. */
export function makesSecret({ object, name }: MeshObject): string | undefined {
  const path = makers.get(`${apiGroup(object.apiVersion)}/${object.kind}`);
  return path === undefined ? undefined : (asName(valueAt(object, ...path)) ?? name);
}

/** The decoded entries of a Secret; undefined when they are not in it, or encrypted. */
export function secretData(secret: KubernetesObject): ReadonlyMap<string, string> | undefined {
  if (isEncrypted(secret)) return undefined;
  const encoded = Object.entries(asMap(secret['data'])).flatMap(([key, value]): [string, string][] => {
    const text = asString(value);
    return text === undefined ? [] : [[key, decoded(text)]];
  });
  const plain = Object.entries(asMap(secret['stringData'])).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return encoded.length + plain.length === 0 ? undefined : new Map([...encoded, ...plain]);
}

/** SOPS encrypts the values, but not the keys. */
function isEncrypted(secret: KubernetesObject): boolean {
  const values = [...Object.values(asMap(secret['data'])), ...Object.values(asMap(secret['stringData']))];
  return isMap(secret['sops']) || values.some((value) => typeof value === 'string' && value.startsWith('ENC['));
}

function decoded(base64: string): string {
  try {
    return atob(base64.replaceAll(/\s/g, ''));
  } catch {
    return '';
  }
}

/** A gateway's certificate, key and CA under the names that istiod looks for (istio pilot/pkg/credentials/kube/secrets.go). */
export function credentialIn(data: ReadonlyMap<string, string>): {
  certificate: string | undefined;
  key: string | undefined;
  ca: string | undefined;
} {
  const first = (...names: string[]): string | undefined =>
    names.map((name) => data.get(name)).find((value) => value !== undefined && value !== '');
  return { certificate: first('cert', 'tls.crt'), key: first('key', 'tls.key'), ca: first('cacert', 'ca.crt') };
}

/**
 * What is wrong with a certificate chain in PEM at a given time; undefined if its first certificate can be read and is
 * valid then.
 */
export function certificateFault(chain: string, now: Date): string | undefined {
  const validity = validityOf(chain);
  if (validity === undefined) return 'holds no certificate in PEM that can be read';
  const { from, until } = validity;
  if (now > until) return `holds a certificate that expired on ${day(until)}; renew it`;
  return now < from ? `holds a certificate that is not valid before ${day(from)}` : undefined;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** The validity of the first certificate. */
function validityOf(chain: string): { from: Date; until: Date } | undefined {
  const [first] = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/s.exec(chain) ?? [];
  if (first === undefined) return undefined;
  try {
    const { validFrom, validTo } = new X509Certificate(first);
    return { from: new Date(validFrom), until: new Date(validTo) };
  } catch {
    return undefined;
  }
}
