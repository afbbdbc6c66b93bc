import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { LabError } from '../errors';
import { go, moduleDir, providerDir } from './go';
import type { Batch } from './programs';

/** A folder of built programs that every checkout with the same pins, Go and platform shares. */
export interface Cache {
  readonly bin: string;
  /** Held by the one who builds. */
  readonly lock: string;
  /** Where builders put what is not finished. */
  readonly drafts: string;
}

/** Folder of Meshwright's caches: `meshwright` in XDG_CACHE_HOME, by default `~/.cache`. As the XDG specification says, a relative XDG_CACHE_HOME is ignored. */
export function cacheBase(env: NodeJS.ProcessEnv): string {
  const caches = env['XDG_CACHE_HOME'] ?? '';
  return path.join(path.isAbsolute(caches) ? caches : path.join(homedir(), '.cache'), 'meshwright');
}

/**
 * Makes a folder of the cache.
 * @throws LabError when it cannot be written to
 */
export async function makeCacheFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    const { message } = error as Error;
    throw new LabError(
      `The cache folder cannot be written to: ${message}. Set XDG_CACHE_HOME to a folder that can be written to.`,
    );
  }
}

/** What the programs of a batch are made from. */
async function sources(batch: Batch): Promise<string[]> {
  const module = batch === 'kubernetes-provider' ? providerDir : moduleDir;
  const pins = ['go.mod', 'go.sum'].map((file) => path.join(module, file));
  if (batch === 'kubernetes-and-istio' || batch === 'prometheus') return pins;
  const own = batch === 'node' ? path.join(module, 'cmd', 'lab-node') : module;
  const files = (await readdir(own)).filter((file) => file.endsWith('.go')).sort();
  return [...pins, ...files.map((file) => path.join(own, file))];
}

/** Where the programs of a batch are, or will be. */
export async function cacheFolder(batch: Batch, env: NodeJS.ProcessEnv): Promise<Cache> {
  const platform = await go('to build the lab', ['env', 'GOVERSION', 'GOOS', 'GOARCH']);
  const hash = createHash('sha256').update(`${batch} ${platform}`);
  for (const file of await sources(batch)) hash.update(await readFile(file));
  const folder = path.join(cacheBase(env), `${batch}-${hash.digest('hex').slice(0, 12)}`);
  return { bin: path.join(folder, 'bin'), lock: path.join(folder, 'lock'), drafts: path.join(folder, 'drafts') };
}
