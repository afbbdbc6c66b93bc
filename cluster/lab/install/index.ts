/** What a new cluster gets first: nodes that are Ready. */
import { setTimeout as sleep } from 'node:timers/promises';
import { asList, asMap } from '../../../mesh/model/json';
import { ApiServer } from '../api';
import type { LiveObject } from '../api';
import { LabError } from '../errors';
import type { Lab, Log } from '../types';
import { nodes } from './nodes';

/** Field manager of what the lab itself brings. */
const MANAGER = 'meshwright-lab';

/** Longest wait for the nodes, and the time between two looks, in milliseconds. */
const TIMEOUT_MS = 60_000;
const PAUSE_MS = 100;

/** Creates the nodes that are missing, and returns when all are Ready. Throws a LabError when they are not in time. */
export async function prepareCluster(lab: Pick<Lab, 'kubeconfig'>, log: Log): Promise<void> {
  const api = ApiServer.of(lab);
  const live = (): Promise<(LiveObject | undefined)[]> => Promise.all(nodes.map((node) => api.get(node)));
  for (const [index, node] of (await live()).entries()) {
    const object = nodes[index];
    if (node !== undefined || object === undefined) continue;
    const refusal = await api.apply(object, { manager: MANAGER });
    if (refusal !== undefined) throw new LabError(`The API server refuses Node ${object.metadata.name}: ${refusal}`);
    log(`lab: Node ${object.metadata.name} created`);
  }
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const waiting = (await live()).map((node, index) => (isReady(node) ? [] : [nodes[index]?.metadata.name])).flat();
    if (waiting.length === 0) return;
    if (Date.now() > deadline)
      throw new LabError(`Nodes not Ready after ${TIMEOUT_MS / 1000} s: ${waiting.join(', ')}`);
    await sleep(PAUSE_MS);
  }
}

function isReady(node: LiveObject | undefined): boolean {
  const conditions = asList(asMap(node?.status)['conditions']).map(asMap);
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
