import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { defined } from '../mesh/manifests/kubernetes';
import { didYouMean, type Problem } from './problem';
import { parseStackText, type StackTextProblems, type StackTextSettings } from './stack-text';
import { decodeText } from './yaml';

/** A stack's file in the project's folder; the last part of `organization/project/stack` names it, as in Pulumi. */
export function stackFilePath(stack: string, folder = '.'): string {
  return join(folder, `Pulumi.${stack.split('/').at(-1) ?? stack}.yaml`);
}

/**
 * Reads a stack file: `Pulumi.<stack>.yaml`, or any file with the same `config:`. Never throws: an invalid or
 * unreadable file gives problems.
 * @param path - the path that problems show
 */
export function loadStackFile(path: string): StackTextSettings | StackTextProblems {
  let text: string | undefined;
  try {
    text = decodeText(readFileSync(path));
  } catch (error) {
    return { problems: [unreadable(path, error as NodeJS.ErrnoException)], isBroken: true };
  }
  if (text !== undefined) return parseStackText(text, path);
  return { problems: [{ path: '', file: path, message: 'cannot be read: neither UTF-8 nor UTF-16' }], isBroken: true };
}

function unreadable(path: string, { code, message }: NodeJS.ErrnoException): Problem {
  if (code !== 'ENOENT')
    return { path: '', file: path, message: `cannot be read: ${code === 'EISDIR' ? 'it is a folder' : message}` };
  const others = stackFiles(dirname(path));
  const there = others.length === 0 ? `there are no stack files in ${dirname(path)}` : `there are ${others.join(', ')}`;
  return defined({ path: '', file: path, message: `no such file; ${there}`, hint: didYouMean(basename(path), others) });
}

function stackFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^Pulumi\..+\.ya?ml$/.test(name))
      .sort();
  } catch {
    return [];
  }
}
