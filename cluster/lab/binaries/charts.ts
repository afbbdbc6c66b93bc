import { cp, chmod, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Log } from '../types';
import { istioVersion, moduleFolder } from './build';
import { cacheBase, makeCacheFolder, recordFiles, removeIfDamaged } from './cache';
import { pinnedVersion } from './go';

/** The folder of each chart in Istio's module. */
const folders = {
  base: 'base',
  istiod: path.join('istio-control', 'istio-discovery'),
  gateway: 'gateway',
  cni: 'istio-cni',
  ztunnel: 'ztunnel',
} as const;

/** Replaces the module's placeholders by the version and images of a release. */
function released(file: string, text: string): string {
  if (file.endsWith('Chart.yaml')) return text.replace(/^(version|appVersion): 1\.0\.0$/gm, `$1: ${istioVersion}`);
  return text
    .replaceAll('hub: registry.istio.io/testing', 'hub: registry.istio.io/release')
    .replaceAll('tag: latest', `tag: ${istioVersion}`);
}

/** Folder with Istio's charts, copied from its Go module. The path depends only on Istio's version, since a Release whose chart moves would be upgraded. */
export async function ensureCharts(env: NodeJS.ProcessEnv, log: Log): Promise<string> {
  const charts = path.join(cacheBase(env), `istio-charts-${await pinnedVersion('istio.io/istio')}`);
  // The charts are small enough to compare hashes.
  if (existsSync(charts) && !(await removeIfDamaged(charts, log, true))) return charts;
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
  // Another checkout may have been quicker; its charts are the same.
  await rename(draft, charts).catch(() => rm(draft, { recursive: true, force: true }));
  await recordFiles(charts);
  return charts;
}

/** Files of a Go module are read-only. */
async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) await makeWritable(at);
    else await chmod(at, 0o644);
  }
}
