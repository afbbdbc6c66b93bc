import { findMarked, processTable, stopProcess } from '../processes';
import type { RunningProcess } from '../processes';
import { labProcessNames } from '../types';
import type { LabProcessName } from '../types';
import { markOf } from './commands';
import type { Layout } from './layout';

/** Processes of this lab that run, by name. More than one under a name is a left-over. */
export type Running = Readonly<Record<LabProcessName, readonly RunningProcess[]>>;

/** Looks up what runs of this lab. */
export async function findRunning(layout: Layout): Promise<Running> {
  const table = await processTable();
  return Object.fromEntries(
    labProcessNames.map((name) => [name, findMarked(table, { program: name, argument: markOf(name, layout) })]),
  ) as Record<LabProcessName, RunningProcess[]>;
}

/** Stops what runs, callers before what they call. Returns the names of what it stopped. */
export async function stopRunning(running: Running): Promise<LabProcessName[]> {
  const stopped = labProcessNames.toReversed().filter((name) => running[name].length > 0);
  const stop = (names: readonly LabProcessName[]) =>
    Promise.all(names.flatMap((name) => running[name]).map(stopProcess));
  await stop(stopped.filter((name) => name !== 'etcd' && name !== 'kube-apiserver'));
  await stop(stopped.filter((name) => name === 'kube-apiserver'));
  await stop(stopped.filter((name) => name === 'etcd'));
  return stopped;
}
