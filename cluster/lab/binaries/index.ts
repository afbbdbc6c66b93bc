/** The programs of the lab: installed ones, or built from pinned Go modules into a cache. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../types';
import { build } from './build';
import { cacheBase, cacheFolder, damagedFiles, pruneCaches, touchCache } from './cache';
import { ensureCharts } from './charts';
import { ensureEnvoy, type FoundEnvoy } from './envoy';
import { pinnedVersion } from './go';
import {
  askVersion,
  choose,
  locate,
  programNames,
  programs,
  type Batch,
  type Found,
  type ProgramName,
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
