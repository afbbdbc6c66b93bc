import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LabProcessName } from '../binaries/programs';
import type { Ports } from './layout';
import type { Pki } from './pki';

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
