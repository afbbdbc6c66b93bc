import { resolve } from 'node:path';
import { istioRepository } from '../../components/manifests/control-plane';
import type { IstioSettings } from '../../components/manifests/settings';

/** How long a chart repository may take to answer, in milliseconds. */
const patience = 5000;

/**
 * Where the lab can take Istio's charts from: the folder that ISTIO_CHARTS names, the stack's own folder, or `repository` when the stack's repository answers.
 * @returns undefined when there are none to be had
 */
export async function reachableCharts(
  istio: IstioSettings = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  if (env.ISTIO_CHARTS !== undefined && env.ISTIO_CHARTS !== '') return resolve(env.ISTIO_CHARTS);
  const { path, files, oci, repository = istioRepository } = istio.charts ?? {};
  // What is local, or needs a registry client, is left for the deployment itself to find.
  if (path !== undefined || files !== undefined || oci !== undefined) return 'repository';
  return (await answers(`${repository.replace(/\/+$/, '')}/index.yaml`)) ? 'repository' : undefined;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(patience) })).ok;
  } catch {
    return false;
  }
}
