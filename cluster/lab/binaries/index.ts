/** The programs of the lab: found on the machine, or built from pinned Go modules into a cache. */
import path from 'node:path';
import type { Log } from '../types';
import { build } from './build';
import { cacheFolder } from './cache';
import { ensureCharts } from './charts';
import { choose } from './choose';
import type { Found } from './choose';
import { ensureEnvoy, type FoundEnvoy } from './envoy';
import { locate } from './locate';
import { pinnedVersion } from './pins';
import { programNames, programs } from './programs';
import type { Batch, ProgramName } from './programs';
import { askVersion } from './version';

export { go } from './go';
export { pinnedVersion } from './pins';
export type { ProgramName } from './programs';

/** What a lab is made of. */
export interface Binaries {
  /** Absolute path of each program. */
  readonly programs: Readonly<Record<ProgramName, string>>;
  /** Folder with Istio's charts: base, istiod, gateway, cni, ztunnel. */
  readonly charts: string;
  readonly envoy: FoundEnvoy;
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

/** Every program, built first where the machine has none that fits. */
export async function ensureBinaries(log: Log): Promise<Binaries> {
  const { use, refused } = choose(await findAll(process.env), await pinnedVersion('k8s.io/kubernetes'));
  for (const reason of refused) log(`lab: ${reason}`);
  const files = new Map(use);
  const batches: Batch[] = ['kubernetes-and-istio', 'kubernetes-provider', 'node', 'prometheus'];
  for (const batch of batches) {
    const missing = programNames.filter((name) => programs[name].batch === batch && !use.has(name));
    if (missing.length === 0) continue;
    const cache = await cacheFolder(batch, process.env);
    await build(batch, missing, cache, log);
    for (const name of missing) files.set(name, path.join(cache.bin, name));
  }
  return {
    programs: Object.fromEntries(files) as Record<ProgramName, string>,
    charts: await ensureCharts(process.env),
    envoy: await ensureEnvoy(process.env, log),
  };
}
