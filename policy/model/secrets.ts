import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { asMap, asName, asText } from '../../mesh/model/json';
import type { MeshObject } from '../../mesh/model/mesh-model';
import { below } from './read';

/** Objects that a controller turns into a Secret, by `group/kind`, and where they name it; those that name none use their own name. */
const makers = new Map<string, string[]>([
  ['/Secret', ['metadata', 'name']],
  ['cert-manager.io/Certificate', ['spec', 'secretName']],
  ['external-secrets.io/ExternalSecret', ['spec', 'target', 'name']],
  ['bitnami.com/SealedSecret', ['spec', 'template', 'metadata', 'name']],
]);

/** Name of the Secret that an object is, or that a controller makes of it. */
export function makesSecret({ object, name }: MeshObject): string | undefined {
  const path = makers.get(`${apiGroup(object.apiVersion)}/${object.kind}`);
  return path === undefined ? undefined : (asName(below(object, ...path)) ?? name);
}

/** The entries of a Secret as text; undefined when it shows none, as Secrets that were read back without their values do. */
export function secretData(secret: KubernetesObject): ReadonlyMap<string, string> | undefined {
  const encoded = Object.entries(asMap(secret['data'])).flatMap(([key, value]): [string, string][] => {
    const text = asText(value);
    return text === undefined ? [] : [[key, decoded(text)]];
  });
  const plain = Object.entries(asMap(secret['stringData'])).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return encoded.length + plain.length === 0 ? undefined : new Map([...encoded, ...plain]);
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
