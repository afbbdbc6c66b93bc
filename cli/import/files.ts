import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, basename } from 'node:path';
import { decodeText } from '../../config/yaml';
import { UserError } from '../errors';

/**
 * The content of an existing stack file; undefined when it does not exist or is empty.
 * @throws UserError when it cannot be read
 */
export function existingText(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  let text: string | undefined;
  try {
    text = decodeText(readFileSync(file));
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`);
  }
  if (text === undefined) throw new UserError(`${file} cannot be read: neither UTF-8 nor UTF-16`);
  return text.trim() === '' ? undefined : text;
}

/**
 * Replaces a file atomically: writes a temporary file in the same folder and renames it. If the process is killed, the old file is still complete.
 * @throws UserError when it cannot be written
 */
export function replaceFile(file: string, text: string): void {
  // A link stays a link.
  const target = existsSync(file) ? realpathSync(file) : file;
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  try {
    const mode = existsSync(target) ? statSync(target).mode : 0o644;
    const handle = openSync(temporary, 'w', mode);
    try {
      writeFileSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, target);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary, { force: true });
    throw new UserError(`${file} cannot be written and is unchanged: ${(error as Error).message}`);
  }
}
