import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { request as plainRequest } from 'node:http';
import type { LabProcessName } from '../types';
import type { Pki } from './pki';
import type { Ports } from './ports';

/** Longest wait for one answer, in milliseconds. */
const ANSWER_MS = 2000;

const paths: Readonly<Record<LabProcessName, string>> = {
  etcd: '/health',
  'kube-apiserver': '/readyz',
  'kube-controller-manager': '/healthz',
  'kube-scheduler': '/healthz',
  kwok: '/healthz',
  'lab-node': '/healthz',
  prometheus: '/-/healthy',
};

/** Those that serve without TLS. */
const plain: readonly LabProcessName[] = ['kwok', 'lab-node', 'prometheus'];

/** Asks the lab's processes as the administrator. */
export interface Client {
  /** The body of a 200 answer, or undefined whatever else happens. */
  readonly get: (name: LabProcessName, path: string) => Promise<string | undefined>;
  readonly isHealthy: (name: LabProcessName) => Promise<boolean>;
}

/** A client for processes on these ports. */
export async function newClient(ports: Ports, pki: Pki): Promise<Client> {
  const { certificate, key } = pki.client('admin');
  const [ca, cert, privateKey] = await Promise.all([pki.authority, certificate, key].map((file) => readFile(file)));
  const get: Client['get'] = (name, path) =>
    new Promise((resolve) => {
      const options = { host: '127.0.0.1', port: ports[name], path, timeout: ANSWER_MS, agent: false as const };
      const asked = plain.includes(name) ? plainRequest(options) : request({ ...options, ca, cert, key: privateKey });
      asked.once('timeout', () => asked.destroy(new Error('timeout')));
      asked.once('error', () => resolve(undefined));
      asked.once('response', (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.once('error', () => resolve(undefined));
        response.once('end', () => resolve(response.statusCode === 200 ? body : undefined));
      });
      asked.end();
    });
  return { get, isHealthy: async (name) => (await get(name, paths[name])) !== undefined };
}
