import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { findRunning, layoutOf, stopRunning } from './control-plane';
import { withLock } from './lock';
import type { LabDownOptions } from './types';

/** Stops every process of the lab; with `purge` also removes what it has stored. Does nothing when there is no lab. */
export async function labDown({ log, root, purge = false }: LabDownOptions): Promise<void> {
  const layout = layoutOf(root);
  if (existsSync(layout.stateDir)) {
    await withLock(layout.lock, { log, message: 'lab: another program is starting or stopping it, waiting' }, stop);
  } else {
    await stop(); // The folder may have been deleted under a running lab.
  }
  if (purge) {
    await rm(layout.stateDir, { recursive: true, force: true });
    log(`lab: ${layout.stateDir} removed`);
  }

  async function stop(): Promise<void> {
    const stopped = await stopRunning(await findRunning(layout));
    log(stopped.length === 0 ? 'lab: nothing runs' : `lab: ${stopped.join(', ')} stopped`);
  }
}
