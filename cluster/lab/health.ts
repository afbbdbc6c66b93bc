import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { asList, asMap } from '../../mesh/json';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { KubernetesApi, LiveObject } from '../api';
import type { LabProcessName } from './binaries/programs';
import type { Ports } from './processes/layout';
import type { Pki } from './processes/pki';
import { LabError, type Log } from './types';

/** Longest wait for one response, in milliseconds. */
const responseMs = 2000;

const healthPaths: Readonly<Record<LabProcessName, string>> = {
  etcd: '/health',
  'kube-apiserver': '/readyz',
  'kube-controller-manager': '/healthz',
  'kube-scheduler': '/healthz',
  kwok: '/healthz',
  'lab-node': '/healthz',
  prometheus: '/-/healthy',
};

const withoutTls: readonly LabProcessName[] = ['kwok', 'lab-node', 'prometheus'];

/** Requests to the lab's processes, as the administrator. */
export interface HealthClient {
  /** The body of a response with status 200; undefined for anything else. */
  readonly get: (name: LabProcessName, path: string) => Promise<string | undefined>;
  readonly isHealthy: (name: LabProcessName) => Promise<boolean>;
}

export async function newClient(ports: Ports, pki: Pki): Promise<HealthClient> {
  const { certificate, key } = pki.client('admin');
  const [ca, cert, privateKey] = await Promise.all([pki.authority, certificate, key].map((file) => readFile(file)));
  const get: HealthClient['get'] = (name, path) =>
    new Promise((resolve) => {
      const signal = AbortSignal.timeout(responseMs);
      const options = { host: '127.0.0.1', port: ports[name], path, signal, agent: false as const };
      const request = withoutTls.includes(name)
        ? httpRequest(options)
        : httpsRequest({ ...options, ca, cert, key: privateKey });
      request.once('error', () => resolve(undefined));
      request.once('response', (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.once('error', () => resolve(undefined));
        response.once('end', () => resolve(response.statusCode === 200 ? body : undefined));
      });
      request.end();
    });
  return { get, isHealthy: async (name) => (await get(name, healthPaths[name])) !== undefined };
}

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
