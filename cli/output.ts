import { createInterface } from 'node:readline/promises';
import type { Log } from '../cluster/lab';
import { printable } from '../mesh/strings';

/** Where progress and diagnostics go: stderr, so that stdout has only the result. */
export interface Terminal {
  write: (text: string) => unknown;
  isTTY?: boolean;
  columns?: number;
}

const clearLine = '\r\x1b[K';

/** Writes progress and diagnostics line by line. On a terminal the last line may be one that is rewritten in place. */
export function talkOn(terminal: Terminal): Log {
  let isShown = false;
  const clear = (): void => {
    if (isShown) terminal.write(clearLine);
    isShown = false;
  };
  const line = (text: string): void => {
    clear();
    terminal.write(`${printable(text)}\n`);
  };
  const rewrite = (text: string): void => {
    clear();
    // A line that wraps cannot be cleared.
    const width = (terminal.columns ?? 80) - 1;
    const shown = printable(text, '');
    terminal.write(shown.length > width ? `${shown.slice(0, width - 1)}…` : shown);
    isShown = text !== '';
  };
  return Object.assign(line, { rewrite: terminal.isTTY === true ? rewrite : undefined });
}

/** Writes progress and diagnostics to stderr. */
export const say = talkOn(process.stderr);

/** A word, quoted for a shell if necessary. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Rows as aligned columns, two spaces apart, the header first. Trailing blanks are cut. */
export function table(header: string[], rows: string[][]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Asks on the terminal; without a terminal the answer is no. */
export async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
