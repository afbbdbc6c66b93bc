import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { labDown } from '../../cluster/lab';

/** Environment variable with the folder of this run's labs, for mocha's workers. */
export const TEMPORARY_LABS = 'MESHWRIGHT_TEMPORARY_LABS';

/** Runs once before all specs, in mocha's main process. */
export async function mochaGlobalSetup(): Promise<void> {
  process.env[TEMPORARY_LABS] = await realpath(await mkdtemp(path.join(tmpdir(), 'meshwright-test-')));
}

/** Runs once after all specs: a worker does not know which of its files is the last one. */
export async function mochaGlobalTeardown(): Promise<void> {
  const folder = process.env[TEMPORARY_LABS];
  if (folder === undefined) return;
  for (const root of await readdir(folder))
    await labDown({ root: path.join(folder, root), log: () => undefined, purge: true });
  await rm(folder, { recursive: true, force: true });
}
