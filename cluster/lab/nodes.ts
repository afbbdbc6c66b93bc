import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { asList, asMap } from '../../mesh/json';
import type { KubernetesApi, LiveObject } from '../api';
import { LabError, type Log } from './types';

/** A node for kwok. Like kind's, nodes have no zones: with zones, outlier detection would keep requests in the sender's. */
function node(letter: string): KubernetesObject {
  const name = `lab-node-${letter}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        type: 'kwok',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
      },
    },
  };
}

/** The nodes of a lab. */
export const nodes: readonly KubernetesObject[] = ['a', 'b'].map(node);

const manager = 'meshwright-lab';

/** Longest wait for the nodes, and the time between two requests, in milliseconds. */
const timeoutMs = 60_000;
const pauseMs = 100;

/**
 * Creates missing nodes, and returns when all are Ready.
 * @throws LabError after a minute
 */
export async function ensureNodes(api: KubernetesApi, log: Log): Promise<void> {
  const live = (): Promise<(LiveObject | undefined)[]> => Promise.all(nodes.map((one) => api.get(one)));
  for (const [index, found] of (await live()).entries()) {
    const missing = nodes[index];
    if (found !== undefined || missing === undefined) continue;
    await api.apply(missing, { manager });
    log(`lab: Node ${missing.metadata.name} created`);
  }
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const waiting = (await live()).flatMap((one, index) => (isReady(one) ? [] : [nodes[index]?.metadata.name]));
    if (waiting.length === 0) return;
    if (Date.now() > deadline) throw new LabError(`Nodes not Ready after ${timeoutMs / 1000} s: ${waiting.join(', ')}`);
    await sleep(pauseMs);
  }
}

function isReady(found: LiveObject | undefined): boolean {
  const conditions = asList(asMap(found?.status)['conditions']).map(asMap);
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
