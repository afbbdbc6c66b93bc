import type { Log } from '../cluster/lab';

/** Where talk goes: stderr, so that stdout stays the result. */
export interface Terminal {
  write: (text: string) => unknown;
  isTTY?: boolean;
  columns?: number;
}

const clearLine = '\r\x1b[K';

/** Talk on a terminal, line by line. The last line may be one that is rewritten in place, where there is a terminal. */
export function talkOn(terminal: Terminal): Log {
  let isShown = false;
  const clear = (): void => {
    if (isShown) terminal.write(clearLine);
    isShown = false;
  };
  const line = (text: string): void => {
    clear();
    terminal.write(`${text}\n`);
  };
  const rewrite = (text: string): void => {
    clear();
    // A line that wraps could not be taken away again.
    const width = (terminal.columns ?? 80) - 1;
    terminal.write(text.length > width ? `${text.slice(0, width - 1)}…` : text);
    isShown = text !== '';
  };
  return Object.assign(line, { rewrite: terminal.isTTY === true ? rewrite : undefined });
}

/** Talk and progress, on stderr. */
export const say = talkOn(process.stderr);

/** A word as a shell takes it, quoted where it must be. */
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
