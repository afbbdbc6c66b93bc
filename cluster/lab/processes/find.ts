import path from 'node:path';
import type { RunningProcess } from './table';

/** How to know a process of ours again. */
export interface Mark {
  /** Name of the program, such as `etcd`. */
  readonly program: string;
  /** The one argument that only this lab passes, such as `--data-dir=/checkout/.lab/etcd`. */
  readonly argument: string;
}

/**
 * The processes that are ours by program and argument. There are no pid files to go stale: a reused pid shows another
 * command line, and a process whose starter was killed before it could note anything is found all the same.
 */
export function findMarked(table: readonly RunningProcess[], mark: Mark): RunningProcess[] {
  return table.filter(({ commandLine }) => {
    const padded = `${commandLine} `;
    const at = padded.indexOf(` ${mark.argument} `);
    // Paths may hold spaces, so the program is not the first word but what stands before the first flag.
    const program = path.basename((padded.split(' -', 1)[0] ?? '').trim());
    return at > 0 && program === mark.program;
  });
}
