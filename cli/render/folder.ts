import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors';

/** No extension, so that kubectl does not take it for an object. Lists the files that the last run wrote, so that the next one can take away what left the stack, and nothing else. */
const listFile = '.meshwright-render';

/**
 * Writes files into a folder and removes those that an earlier run wrote and this one does not. A file appears whole or not at all; an interrupted run is finished by the next.
 * @param files - path below the folder → text
 * @throws UserError when the folder holds something that no earlier run wrote.
 */
export function writeFolder(folder: string, files: Map<string, string>): void {
  const before = writtenBefore(folder);
  // The list first names old and new files together: a run that is killed half-way still owns all that it wrote.
  writeWhole(join(folder, listFile), listText([...before, ...files.keys()]));
  for (const [path, text] of files) writeWhole(join(folder, path), text);
  for (const path of before.filter((old) => !files.has(old))) removeFile(folder, path);
  writeWhole(join(folder, listFile), listText([...files.keys()]));
}

function writtenBefore(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const list = join(folder, listFile);
  if (existsSync(list)) return JSON.parse(readFileSync(list, 'utf8')) as string[];
  if (readdirSync(folder).length > 0) {
    throw new UserError(
      `${folder} is not empty and was not written by meshwright render: name an empty or a new folder. Nothing was written.`,
    );
  }
  return [];
}

function listText(paths: string[]): string {
  return `${JSON.stringify([...new Set(paths)].sort(), null, 2)}\n`;
}

function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.part`;
  writeFileSync(part, text);
  renameSync(part, path);
}

function removeFile(folder: string, path: string): void {
  rmSync(join(folder, path), { force: true });
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    const empty = existsSync(join(folder, parent)) && readdirSync(join(folder, parent)).length === 0;
    if (!empty) return;
    rmdirSync(join(folder, parent));
  }
}
