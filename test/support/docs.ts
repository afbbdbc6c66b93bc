import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

/** The source tree's folders, without those that are generated. */
export const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^(\.(?!ci$)|node_modules$|dist$|coverage$)/.test(entry.name))
  .map(({ name }) => name);

/** Every Markdown page of the repository, by its path from the root. */
export const pages = ['', ...folders]
  .flatMap((folder) =>
    readdirSync(join(root, folder), { encoding: 'utf8', recursive: folder !== '' }).map((path) => join(folder, path)),
  )
  .filter((path) => path.endsWith('.md') && !path.includes('node_modules'));

export interface Block {
  /** Page and line, for messages. */
  at: string;
  language: string;
  text: string;
}

export const fence = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm;

export const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

export function blocks(page: string): Block[] {
  const text = textOf(page);
  return [...text.matchAll(fence)].map(({ index, 1: indent = '', 2: language = '', 3: body = '' }) => ({
    at: `${page}:${text.slice(0, index).split('\n').length}`,
    language,
    text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** A command that a page shows. */
export interface ShownCommand {
  page: string;
  /** Without its comment. */
  command: string;
}

/** The commands of a page: the lines of shell blocks, and the lines after a prompt. */
export function commands(page: string): ShownCommand[] {
  return blocks(page).flatMap(({ language, text }) => {
    const lines = text.split('\n');
    const shown = /^(bash|sh)$/.test(language)
      ? lines
      : lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
    return shown
      .map((line) => line.replace(/\s+# .*$/, '').trim())
      .filter((command) => command !== '')
      .map((command) => ({ page, command }));
  });
}

/** The words of `npx meshwright …`, without quotes. */
export function wordsOf(command: string): string[] {
  const line = command.replace(/^(\$ )?npx meshwright /, '');
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
