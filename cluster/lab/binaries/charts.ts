import { cp, chmod, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cacheBase, makeCacheFolder } from './cache';
import { ISTIO_VERSION, moduleFolder } from './build';
import { pinnedVersion } from './pins';

/** Where each chart lies in Istio's module. */
const folders = {
  base: 'base',
  istiod: path.join('istio-control', 'istio-discovery'),
  gateway: 'gateway',
  cni: 'istio-cni',
  ztunnel: 'ztunnel',
} as const;

/** The module leaves placeholders where a release has its version and its images. */
function released(file: string, text: string): string {
  if (file.endsWith('Chart.yaml')) return text.replace(/^(version|appVersion): 1\.0\.0$/gm, `$1: ${ISTIO_VERSION}`);
  return text
    .replaceAll('hub: registry.istio.io/testing', 'hub: registry.istio.io/release')
    .replaceAll('tag: latest', `tag: ${ISTIO_VERSION}`);
}

/** Folder with Istio's charts, taken from its Go module: all of them or none. Its path depends on Istio's version alone, since a Release whose chart moves is upgraded. */
export async function ensureCharts(env: NodeJS.ProcessEnv): Promise<string> {
  const charts = path.join(cacheBase(env), `istio-charts-${await pinnedVersion('istio.io/istio')}`);
  if (existsSync(charts)) return charts;
  const source = path.join(await moduleFolder('istio.io/istio'), 'manifests', 'charts');
  await makeCacheFolder(path.dirname(charts));
  const draft = await mkdtemp(`${charts}.draft-`);
  for (const [name, folder] of Object.entries(folders)) {
    const chart = path.join(draft, name);
    await cp(path.join(source, folder), chart, { recursive: true });
    await makeWritable(chart);
    for (const file of ['Chart.yaml', 'values.yaml']) {
      const at = path.join(chart, file);
      await writeFile(at, released(file, await readFile(at, 'utf8')));
    }
  }
  // Another checkout may have been quicker: its charts are the same.
  await rename(draft, charts).catch(() => rm(draft, { recursive: true, force: true }));
  return charts;
}

/** Files of a Go module can only be read. */
async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) await makeWritable(at);
    else await chmod(at, 0o644);
  }
}
