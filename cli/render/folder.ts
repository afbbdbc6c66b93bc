import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { UserError } from '../errors';

/**
 * Lists the files of the last run. The next run removes only those files in the list that are no longer in the stack.
 * The list has no file ending, so kubectl does not read it.
 */
const listFile = '.meshwright-render';

/**
 * Writes files into a folder, and removes files of earlier runs that this one does not write. Nothing outside the
 * folder is written or removed. Each file is written completely or not at all; the next run finishes an interrupted
 * one.
 * @param files - path below the folder → content
 * @throws UserError when the folder cannot be written, or has files that no earlier run wrote
 */
export function writeFolder(folder: string, files: ReadonlyMap<string, string>): void {
  try {
    const before = writtenBefore(folder);
    for (const path of [listFile, ...files.keys(), ...before]) refuseLinks(folder, path);
    makeFolder(folder);
    // Until all files are written, the list names old and new ones, so that the next run after a kill knows them all.
    writeWhole(folder, listFile, listText([...before, ...files.keys()]));
    for (const [path, text] of files) writeWhole(folder, path, text);
    for (const path of before.filter((old) => !files.has(old))) removeFile(folder, path);
    writeWhole(folder, listFile, listText([...files.keys()]));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${folder} cannot be written: ${(error as Error).message}`);
  }
}

function writtenBefore(folder: string): string[] {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isDirectory())
    throw new UserError(`${folder} is a file: name a folder for --output. Nothing was written.`);
  if (lstatSync(join(folder, listFile), { throwIfNoEntry: false }) !== undefined)
    return readList(join(folder, listFile));
  if (readdirSync(folder).length > 0) {
    throw new UserError(
      `${folder} is not empty and was not written by meshwright render: name an empty or a new folder. Nothing was written.`,
    );
  }
  return [];
}

/** The list is not trusted, since it may come from a pull request: only paths within the folder are used. */
function readList(file: string): string[] {
  let list: unknown;
  try {
    // A list that is a link or a device does not count.
    if (lstatSync(file).isFile()) list = JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch {
    list = undefined;
  }
  if (Array.isArray(list) && list.every(isPathInside)) return list;
  throw new UserError(
    `${file} is not a list that meshwright render wrote: remove it, and the files that you no longer need. Nothing was written.`,
  );
}

function isPathInside(path: unknown): path is string {
  if (typeof path !== 'string' || path.includes('\0') || path.includes('\\')) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** @throws UserError when a folder on the way to a file, or the file, is a link: it may lead out of the folder */
function refuseLinks(folder: string, path: string): void {
  const parts = path.split('/');
  for (const [index] of parts.entries()) {
    const place = join(folder, ...parts.slice(0, index + 1));
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (stats === undefined) return;
    const isExpected = index < parts.length - 1 ? stats.isDirectory() : stats.isFile();
    if (!isExpected) {
      const what = stats.isSymbolicLink()
        ? 'a link'
        : stats.isDirectory()
          ? 'a folder'
          : 'neither a folder nor a plain file';
      throw new UserError(`${place} is ${what}: remove it, or name another folder. Nothing was written.`);
    }
  }
}

/** Step by step: Node's own recursive mkdir never returns below /proc. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  mkdirSync(folder);
}

function listText(paths: string[]): string {
  return `${JSON.stringify([...new Set(paths)].sort(), null, 2)}\n`;
}

function writeWhole(folder: string, path: string, text: string): void {
  const file = join(folder, ...path.split('/'));
  makeFolder(dirname(file));
  const part = `${file}.part`;
  // A partial file of a killed run, or a link in its place, is removed first.
  rmSync(part, { force: true });
  writeFileSync(part, text, { flag: 'wx' });
  renameSync(part, file);
}

function removeFile(folder: string, path: string): void {
  rmSync(join(folder, path), { force: true });
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    const place = join(folder, parent).replaceAll('/', sep);
    const isEmpty = statSync(place, { throwIfNoEntry: false }) !== undefined && readdirSync(place).length === 0;
    if (!isEmpty) return;
    rmdirSync(place);
  }
}
