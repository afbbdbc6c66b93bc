import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { processTable } from '../processes/table';
import { LabError, type Log } from '../types';
import { go, moduleDir, providerDir } from './go';
import type { Batch } from './programs';

/** A folder of built programs, shared by all checkouts with the same pins, Go and platform. */
export interface Cache {
  readonly bin: string;
  /** Held during a build. */
  readonly lock: string;
  /** Unfinished builds. */
  readonly drafts: string;
}

/** Folder of Meshwright's caches: `meshwright` in XDG_CACHE_HOME, by default `~/.cache`. The XDG specification says to ignore a relative path. */
export function cacheBase(env: NodeJS.ProcessEnv): string {
  const caches = env['XDG_CACHE_HOME'] ?? '';
  return path.join(path.isAbsolute(caches) ? caches : path.join(homedir(), '.cache'), 'meshwright');
}

/** @throws LabError when the folder cannot be created */
export async function makeCacheFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    const { message } = error as Error;
    throw new LabError(`The cache folder cannot be written to: ${message}. Set XDG_CACHE_HOME to a writable folder.`);
  }
}

/** The files that determine the programs of a batch. */
async function sources(batch: Batch): Promise<string[]> {
  const module = batch === 'kubernetes-provider' ? providerDir : moduleDir;
  const pins = ['go.mod', 'go.sum'].map((file) => path.join(module, file));
  if (batch === 'kubernetes-and-istio' || batch === 'prometheus') return pins;
  const own = batch === 'node' ? path.join(module, 'cmd', 'lab-node') : module;
  const isSource = (file: string): boolean => file.endsWith('.go') && !file.endsWith('_test.go');
  const files = (await readdir(own)).filter(isSource).sort();
  return [...pins, ...files.map((file) => path.join(own, file))];
}

let platform: string | undefined;

/** Where the programs of a batch are, or will be. */
export async function cacheFolder(batch: Batch, env: NodeJS.ProcessEnv): Promise<Cache> {
  platform ??= await go('to build the lab', ['env', 'GOVERSION', 'GOOS', 'GOARCH']);
  const hash = createHash('sha256').update(`${batch} ${platform}`);
  for (const file of await sources(batch)) hash.update(await readFile(file));
  return cacheIn(path.join(cacheBase(env), `${batch}-${hash.digest('hex').slice(0, 12)}`));
}

export function cacheIn(folder: string): Cache {
  return { bin: path.join(folder, 'bin'), lock: path.join(folder, 'lock'), drafts: path.join(folder, 'drafts') };
}

/** Sizes and hashes of the files in a folder, by their relative paths. */
type Contents = Record<string, { size: number; sha256: string }>;

/** The record of a folder is stored next to it. */
const recordOf = (folder: string): string => `${folder}.files.json`;

/** Records the files of a folder, so that damage can be found later. */
export async function recordFiles(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const contents: Contents = {};
  for (const file of files.sort()) {
    contents[path.relative(folder, file)] = { size: (await stat(file)).size, sha256: await sha256(file) };
  }
  const draft = `${recordOf(folder)}.${process.pid}`;
  await writeFile(draft, JSON.stringify(contents));
  await rename(draft, recordOf(folder));
}

interface DamageOptions {
  /** Compare hashes, not only sizes. */
  readonly deep?: boolean;
  /** Whether a file that was never recorded is usable. Defaults to yes. */
  readonly isUsable?: (file: string) => Promise<boolean>;
}

/** Relative paths of recorded files that are missing or changed. In a folder without a record, unusable files are damaged, and the others are recorded. */
export async function damagedFiles(folder: string, options: DamageOptions = {}): Promise<string[]> {
  const { deep = false, isUsable = () => Promise.resolve(true) } = options;
  if (!existsSync(folder)) return [];
  const contents = await readRecord(folder);
  if (contents === undefined) {
    const damaged: string[] = [];
    for (const name of await readdir(folder)) if (!(await isUsable(path.join(folder, name)))) damaged.push(name);
    if (damaged.length === 0) await recordFiles(folder);
    return damaged;
  }
  const isDamaged = async ([name, { size, sha256: hash }]: [string, Contents[string]]): Promise<boolean> => {
    const file = path.join(folder, name);
    const found = await stat(file).catch(() => undefined);
    return found?.isFile() !== true || found.size !== size || (deep && (await sha256(file)) !== hash);
  };
  const entries = Object.entries(contents);
  const damage = await Promise.all(entries.map(isDamaged));
  return entries.map(([name]) => name).filter((_, index) => damage[index]);
}

/** Removes a folder of the cache, when some of its files are damaged. Returns whether it did. */
export async function removeIfDamaged(folder: string, log: Log, deep = false): Promise<boolean> {
  const [first] = await damagedFiles(folder, { deep });
  if (first === undefined) return false;
  log(`lab: ${path.join(folder, first)} is damaged, replacing it`);
  await rm(folder, { recursive: true, force: true });
  await rm(recordOf(folder), { force: true });
  return true;
}

async function readRecord(folder: string): Promise<Contents | undefined> {
  try {
    return JSON.parse(await readFile(recordOf(folder), 'utf8')) as Contents;
  } catch {
    return undefined;
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  if ((await stat(file)).size < 1 << 20) return hash.update(await readFile(file)).digest('hex');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Notes that a batch is in use, for {@link pruneCaches}. */
export async function touchCache({ bin }: Cache): Promise<void> {
  const now = new Date();
  await utimes(path.dirname(bin), now, now).catch(() => undefined); // A cache that cannot be written to.
}

/** Folders of a batch to keep: the current one and the one before. */
const keptFolders = 2;

/** Removes old folders of a batch: all but the last used ones, those with running programs, and those that are being built. */
export async function pruneCaches(batch: Batch, base: string): Promise<void> {
  const names = (await readdir(base)).filter((name) => new RegExp(`^${batch}-[0-9a-f]{12}$`).test(name));
  const folders = await Promise.all(
    names.map(async (name) => ({ folder: path.join(base, name), used: (await stat(path.join(base, name))).mtimeMs })),
  );
  const table = await processTable();
  for (const { folder } of folders.sort((a, b) => b.used - a.used).slice(keptFolders)) {
    const isRunning = table.some(({ commandLine }) => commandLine.includes(`${folder}${path.sep}`));
    if (!isRunning && !existsSync(cacheIn(folder).lock)) await rm(folder, { recursive: true, force: true });
  }
}
