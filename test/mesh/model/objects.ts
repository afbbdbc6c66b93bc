import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';

/** The objects of a YAML stream. */
export function objects(yaml: string): KubernetesObject[] {
  return parseAllDocuments(yaml).map((document) => document.toJS() as KubernetesObject);
}

/** A Service of namespace shop that selects `app: <name>`. */
export function service(name: string, spec: Record<string, unknown> = {}): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80 }], ...spec },
  };
}

/** A Deployment of namespace shop. */
export function deployment(
  name: string,
  labels: Record<string, string>,
  spec: Record<string, unknown> = {},
  pod: Record<string, unknown> = {},
): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: { ...spec, template: { metadata: { labels }, spec: pod } },
  };
}
