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

/** Lists the files that the last run wrote, so that the next one removes those, and no others, when they leave the stack. It has no ending, so that kubectl does not read it. */
const listFile = '.meshwright-render';

/**
 * Writes files into a folder and removes those that an earlier run wrote and this one does not. Nothing outside of the folder is written or removed. A file appears whole or not at all; the next run
 * finishes what an interrupted one began.
 * @param files - path below the folder → text
 * @throws UserError when the folder cannot be written, or holds something that no earlier run wrote
 */
export function writeFolder(folder: string, files: ReadonlyMap<string, string>): void {
  try {
    const before = writtenBefore(folder);
    for (const path of [listFile, ...files.keys(), ...before]) refuseLinks(folder, path);
    makeFolder(folder);
    // The list first names old and new files together: a run that is killed half-way still owns all that it wrote.
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

/** The list may come from someone else, in a pull request for instance: only paths that stay in the folder are taken from it. */
function readList(file: string): string[] {
  let list: unknown;
  try {
    // A list that is a link or a device is none.
    if (lstatSync(file).isFile()) list = JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch {
    list = undefined;
  }
  if (Array.isArray(list) && list.every(isPathInside)) return list;
  throw new UserError(
    `${file} is not a list that meshwright render wrote: remove it, and the files that are no longer wanted. Nothing was written.`,
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
      const what = stats.isSymbolicLink() ? 'a link' : stats.isDirectory() ? 'a folder' : 'no folder or plain file';
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
  // A part that a killed run left, or a link in its place, goes first.
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
