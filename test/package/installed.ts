import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { version } from '../../package.json';
import { withLock } from '../../cluster/lab/lock';

const checkout = resolve(__dirname, '..', '..');
const dist = join(checkout, 'dist');

/** Files of `npm run package`, by the name of the package. */
export const archives = {
  meshwright: join(dist, `meshwright-${version}.tgz`),
  'meshwright-policy': join(dist, `meshwright-policy-${version}.tgz`),
  'pulumi-resource-meshwright': join(dist, `pulumi-resource-meshwright-v${version}-linux-amd64.tar.gz`),
  'pulumi-resource-meshwright-routes': join(dist, `pulumi-resource-meshwright-routes-v${version}-linux-amd64.tar.gz`),
} as const;

/** Packs everything, once for all processes of a run. */
export async function packed(): Promise<typeof archives> {
  mkdirSync(dist, { recursive: true });
  const run = process.env['MESHWRIGHT_TEMPORARY_LABS'] ?? String(process.pid);
  const mark = join(checkout, 'node_modules', '.cache', 'meshwright', 'packed');
  await withLock(
    join(checkout, 'node_modules', '.cache', 'meshwright', 'package.lock'),
    { log: () => undefined, message: '' },
    async () => {
      if (existsSync(mark) && readFileSync(mark, 'utf8') === run) return;
      // A process that is blocked cannot keep its lock.
      const words = ['-r', 'tsx/cjs', join(checkout, 'tools', 'package.ts')];
      await promisify(execFile)(process.execPath, words, { cwd: checkout });
      writeFileSync(mark, run);
    },
  );
  return archives;
}

/**
 * Installs a packed npm package into a folder as npm does: its own files from the archive, and the packages that it
 * depends on, and no others. Those come from the checkout's node_modules instead of the registry.
 */
export function install(archive: string, folder: string, more: readonly string[] = []): string {
  const modules = join(folder, 'node_modules');
  const draft = join(folder, 'package');
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  const { name, dependencies = {} } = manifest(draft);
  const installed = join(modules, name);
  mkdirSync(modules, { recursive: true });
  cpSync(draft, installed, { recursive: true });
  execFileSync('rm', ['-r', draft]);
  for (const one of closure([...Object.keys(dependencies), ...more])) link(one, modules);
  bins(installed, modules);
  return installed;
}

interface Manifest {
  name: string;
  bin?: Record<string, string>;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Folders in the checkout's node_modules that packages need, directly or not. */
function closure(names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const add = (name: string, from: string): void => {
    const folder = find(name, from);
    if (folder === undefined || found.has(folder)) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = manifest(folder);
    for (const one of [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]) add(one, folder);
  };
  for (const name of names) add(name, checkout);
  return found;
}

function find(name: string, from: string): string | undefined {
  const folder = join(from, 'node_modules', name);
  if (existsSync(join(folder, 'package.json'))) return folder;
  return from === checkout ? undefined : find(name, dirname(from));
}

/** Links a package's files. Hard links are fast and, unlike symbolic links, do not lead back to the checkout. */
function link(folder: string, modules: string): void {
  const target = join(modules, folder.slice(join(checkout, 'node_modules').length));
  if (existsSync(target)) return;
  const copy = (from: string, to: string): void => {
    mkdirSync(to, { recursive: true });
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules') copy(join(from, entry.name), join(to, entry.name));
      } else linkOrCopy(join(from, entry.name), join(to, entry.name));
    }
  };
  copy(folder, target);
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
}

function bins(installed: string, modules: string): void {
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const [name, file] of Object.entries(manifest(installed).bin ?? {})) {
    execFileSync('ln', ['-sf', join(installed, file), join(modules, '.bin', name)]);
  }
}
