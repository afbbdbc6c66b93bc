import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../../components/manifests/kubernetes';
import type { Mesh } from '../../../components/manifests/mesh';

/** Folder with the charts, where somebody has said one, and helm to render them; undefined where either is missing. */
export const chartsFolder = foundCharts();

function foundCharts(): string | undefined {
  const folder = process.env['ISTIO_CHARTS'];
  if (folder === undefined || !existsSync(join(folder, 'istiod')) || !existsSync(join(folder, 'kiali-server')))
    return undefined;
  return spawnSync('helm', ['version']).status === 0 ? folder : undefined;
}

/** What a stack file says to take all charts from that folder. */
export const chartsPatch: Record<string, Record<string, unknown>> = chartsFolder === undefined
  ? {}
  : {
      'meshwright:istio': { charts: { path: chartsFolder } },
      'meshwright:addons': { charts: { path: chartsFolder } },
    };

/** The objects of all releases, as helm renders them: no tests, and no CRDs, which the lab has. Each has a namespace, as an install would give it. */
export function releaseObjects({ releases }: Mesh): KubernetesObject[] {
  return releases.flatMap(({ name, namespace, chart, values }) => {
    const args = [
      'template',
      name,
      chart,
      '--namespace',
      namespace,
      '--kube-version',
      '1.34.0',
      '--no-hooks',
      '--values',
      '-',
    ];
    const { status, stdout, stderr } = spawnSync('helm', args, {
      input: JSON.stringify(values),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) throw new Error(`helm template ${name}: ${stderr}`);
    return parseAllDocuments(stdout)
      .map((document) => document.toJS() as KubernetesObject | null)
      .filter((object) => object !== null)
      .filter(({ kind }) => kind !== 'CustomResourceDefinition')
      .map((object) => placed(object, namespace));
  });
}

const clusterKinds =
  /^(Cluster|ValidatingWebhook|MutatingWebhook|ValidatingAdmission|MutatingAdmission|Namespace|PriorityClass)/;

function placed(object: KubernetesObject, namespace: string): KubernetesObject {
  if (clusterKinds.test(object.kind)) return object;
  return { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace } };
}
