/** The programs of the lab: found on the machine, or built from pinned Go modules into a cache. */
import path from 'node:path';
import type { Log } from '../types';
import { build } from './build';
import { cacheFolder } from './cache';
import { choose } from './choose';
import type { Found } from './choose';
import { locate } from './locate';
import { pinnedVersion } from './pins';
import { programNames, programs } from './programs';
import type { ProgramName } from './programs';
import { askVersion } from './version';

export { go } from './go';
export { pinnedVersion } from './pins';
export type { ProgramName } from './programs';

async function findAll(env: NodeJS.ProcessEnv): Promise<Map<ProgramName, Found>> {
  const found = await Promise.all(
    programNames.map(async (name): Promise<[ProgramName, Found] | undefined> => {
      const file = await locate(name, env);
      return file === undefined ? undefined : [name, { file, version: await askVersion(file, programs[name]) }];
    }),
  );
  return new Map(found.filter((entry) => entry !== undefined));
}

/** Absolute path of every program, built first where the machine has none that fits. */
export async function ensureBinaries(log: Log): Promise<Readonly<Record<ProgramName, string>>> {
  const { use, refused } = choose(await findAll(process.env), await pinnedVersion('k8s.io/kubernetes'));
  for (const reason of refused) log(`lab: ${reason}`);
  const missing = programNames.filter((name) => !use.has(name));
  const files = new Map(use);
  if (missing.length > 0) {
    const cache = await cacheFolder(process.env);
    await build(missing, cache, log);
    for (const name of missing) files.set(name, path.join(cache.bin, name));
  }
  return Object.fromEntries(files) as Record<ProgramName, string>;
}
