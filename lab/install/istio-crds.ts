import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { go } from '../binaries';
import { LabError } from '../errors';

/** The Go module that carries the CRDs. */
export const ISTIO_API = 'istio.io/api';
const FILE = path.join('kubernetes', 'customresourcedefinitions.gen.yaml');

/** Tells which release brought a CRD that the lab has installed; one without it is somebody else's. */
const VERSION_ANNOTATION = 'meshwright.io/istio-api';

/** The CRD that is applied last: where it is, all are. */
export const lastCrd: KubernetesObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'virtualservices.networking.istio.io' },
};

/** Helm takes over what carries its marks: the chart istio-base can then be installed over these. */
const helmOwner = {
  labels: { 'app.kubernetes.io/managed-by': 'Helm' },
  annotations: { 'meta.helm.sh/release-name': 'istio-base', 'meta.helm.sh/release-namespace': 'istio-system' },
};

const texts = z.record(z.string(), z.string()).optional();
const crdSchema = z.looseObject({
  apiVersion: z.literal(lastCrd.apiVersion),
  kind: z.literal(lastCrd.kind),
  metadata: z.looseObject({ name: z.string(), labels: texts, annotations: texts }),
});

const downloadSchema = z.object({ Dir: z.string() });

/** The CRDs of the pinned Istio release, as its Go module carries them, with our marks; the last one last. */
export async function pinnedCrds(version: string): Promise<KubernetesObject[]> {
  const download = await go("to fetch Istio's CRDs", 'mod', 'download', '-json', ISTIO_API);
  const file = path.join(downloadSchema.parse(JSON.parse(download)).Dir, FILE);
  const crds = parseAllDocuments(await readFile(file, 'utf8'))
    .filter((document) => document.contents !== null)
    .map((document) => crdSchema.parse(document.toJS()));
  const last = lastCrd.metadata.name;
  if (!crds.some(({ metadata }) => metadata.name === last)) throw new LabError(`${file} has no CRD ${last}`);
  return crds
    .toSorted((a, b) => Number(a.metadata.name === last) - Number(b.metadata.name === last))
    .map(({ metadata: { labels, annotations, ...metadata }, ...crd }) => ({
      ...crd,
      metadata: {
        ...metadata,
        labels: { ...labels, ...helmOwner.labels },
        annotations: { ...annotations, ...helmOwner.annotations, [VERSION_ANNOTATION]: version },
      },
    }));
}

/** Whether Istio's CRDs are there, judged by the last: of this version, or somebody else's of whatever version, such as a chart's. */
export function areCurrent(crd: KubernetesObject | undefined, version: string): boolean {
  if (crd === undefined) return false;
  const brought = crd.metadata.annotations?.[VERSION_ANNOTATION];
  return brought === undefined || brought === version;
}
