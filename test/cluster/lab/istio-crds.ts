import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { Lab } from '../../../cluster/lab';
import { kubectl } from './kubectl';

/** Helm adopts CRDs with these labels and annotations when a stack installs Istio's chart. */
const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
const annotations = { 'meta.helm.sh/release-name': 'istio-base', 'meta.helm.sh/release-namespace': 'istio-system' };

/** Installs Istio's CRDs, for tests that need no istiod. */
export async function installIstioCrds(lab: Lab): Promise<void> {
  const file = path.join(lab.charts, 'base', 'files', 'crd-all.gen.yaml');
  const items = parseAllDocuments(readFileSync(file, 'utf8'))
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((crd) => crd !== null)
    .map((crd) => ({ ...crd, metadata: { ...crd.metadata, labels, annotations } }));
  const list = { apiVersion: 'v1', kind: 'List', items };
  await kubectl(lab, ['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(list));
  await kubectl(lab, ['wait', '--for=condition=Established', '--timeout=60s', 'customresourcedefinitions', '--all']);
}
