import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { go, moduleDir } from './go';

/** A folder of built programs that every checkout with the same pins, Go and platform shares. */
export interface Cache {
  readonly bin: string;
  /** Held by the one who builds. */
  readonly lock: string;
  /** Where builders put what is not finished. */
  readonly drafts: string;
}

/** Where the pinned programs are, or will be. */
export async function cacheFolder(env: NodeJS.ProcessEnv): Promise<Cache> {
  const platform = await go('to know which programs fit', 'env', 'GOVERSION', 'GOOS', 'GOARCH');
  const hash = createHash('sha256').update(platform);
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(path.join(moduleDir, file)));
  const caches = env['XDG_CACHE_HOME'] ?? '';
  // The XDG specification: a relative path is to be ignored.
  const base = path.isAbsolute(caches) ? caches : path.join(homedir(), '.cache');
  const folder = path.join(base, 'meshwright', hash.digest('hex').slice(0, 16));
  return { bin: path.join(folder, 'bin'), lock: path.join(folder, 'lock'), drafts: path.join(folder, 'drafts') };
}
