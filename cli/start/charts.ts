import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { addonReleases } from '../../components/manifests/addons/addons';
import { istioRepository } from '../../components/manifests/control-plane';
import type { IstioSettings, StackSettings } from '../../components/manifests/settings';

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

/**
 * Where the lab can take the telemetry addons' charts from: the folder that ISTIO_CHARTS names when it has all of them, or `repository` when the stack's sources can be reached.
 * @returns undefined when there are none to be had, also when the stack has no addons
 */
export async function reachableAddonCharts(
  { addons = {}, istio }: StackSettings,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const releases = addonReleases({ ...addons, charts: {} }, istio);
  if (releases.length === 0) return undefined;
  const folder = env.ISTIO_CHARTS === undefined || env.ISTIO_CHARTS === '' ? undefined : resolve(env.ISTIO_CHARTS);
  if (folder !== undefined && releases.every(({ chart }) => existsSync(join(folder, chart, 'Chart.yaml'))))
    return folder;
  const { path, files, oci, repository } = addons.charts ?? {};
  if (path !== undefined || files !== undefined || oci !== undefined) return 'repository';
  const sources = new Set(releases.flatMap((release) => repository ?? release.repository ?? []));
  const found = await Promise.all([...sources].map((source) => answers(`${source.replace(/\/+$/, '')}/index.yaml`)));
  return found.every(Boolean) ? 'repository' : undefined;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(patience) })).ok;
  } catch {
    return false;
  }
}
