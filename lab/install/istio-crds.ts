import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { go, pinnedVersion } from '../binaries';
import { LabError } from '../errors';
import { kubectl } from '../kubectl';
import type { KubectlTarget } from '../kubectl';
import type { Log } from '../types';

const MODULE = 'istio.io/api';
const FILE = path.join('kubernetes', 'customresourcedefinitions.gen.yaml');

/** Tells which release brought a CRD that the lab has installed; one without it is somebody else's. */
const VERSION_ANNOTATION = 'meshwright.io/istio-api';

/** Applied last, so that where it is, all are. */
const LAST = 'virtualservices.networking.istio.io';

/** Helm takes over what carries its marks: the chart istio-base can then be installed over these. */
const helmOwner = {
  labels: { 'app.kubernetes.io/managed-by': 'Helm' },
  annotations: { 'meta.helm.sh/release-name': 'istio-base', 'meta.helm.sh/release-namespace': 'istio-system' },
};

const crdSchema = z.looseObject({
  kind: z.literal('CustomResourceDefinition'),
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

type Crd = z.infer<typeof crdSchema>;

const downloadSchema = z.object({ Dir: z.string() });

/** The CRDs of the pinned Istio release, as its Go module carries them. */
async function pinnedCrds(): Promise<readonly Crd[]> {
  const download = await go("to fetch Istio's CRDs", 'mod', 'download', '-json', MODULE);
  const file = path.join(downloadSchema.parse(JSON.parse(download)).Dir, FILE);
  const text = await readFile(file, 'utf8');
  const crds = parseAllDocuments(text)
    .filter((document) => document.contents !== null)
    .map((document) => crdSchema.parse(document.toJS()));
  if (!crds.some(({ metadata }) => metadata.name === LAST)) throw new LabError(`${file} has no CRD ${LAST}`);
  return crds.toSorted((a, b) => Number(a.metadata.name === LAST) - Number(b.metadata.name === LAST));
}

function marked(crd: Crd, version: string): Crd {
  const { labels, annotations } = crd.metadata;
  return {
    ...crd,
    metadata: {
      ...crd.metadata,
      labels: { ...labels, ...helmOwner.labels },
      annotations: { ...annotations, ...helmOwner.annotations, [VERSION_ANNOTATION]: version },
    },
  };
}

/** Whether Istio's CRDs of this version are there, or somebody else's of whatever version, such as a chart's. */
async function areThere(target: KubectlTarget, version: string): Promise<boolean> {
  const found = await kubectl(target, ['get', 'crd', LAST, '--ignore-not-found', '-o', 'json']);
  if (found.trim() === '') return false;
  const ours = crdSchema.parse(JSON.parse(found)).metadata.annotations?.[VERSION_ANNOTATION];
  return ours === undefined || ours === version;
}

/** Installs Istio's CRDs unless the cluster has them, whoever brought them. */
export async function ensureIstioCrds(target: KubectlTarget, log: Log): Promise<void> {
  const version = await pinnedVersion(MODULE);
  if (await areThere(target, version)) return;
  const crds = await pinnedCrds();
  const list = { apiVersion: 'v1', kind: 'List', items: crds.map((crd) => marked(crd, version)) };
  const args = ['apply', '--server-side', '--field-manager=meshwright-lab', '-f', '-'];
  await kubectl(target, args, JSON.stringify(list));
  const names = crds.map(({ metadata }) => `crd/${metadata.name}`);
  await kubectl(target, ['wait', '--for=condition=Established', '--timeout=60s', ...names]);
  log(`lab: ${crds.length} Istio CRDs installed (${MODULE} ${version})`);
}
