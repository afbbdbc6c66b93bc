import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';

const plurals: Record<string, string> = {
  Gateway: 'gateways',
  Sidecar: 'sidecars',
  ServiceEntry: 'serviceentries',
  WorkloadEntry: 'workloadentries',
  PeerAuthentication: 'peerauthentications',
  VirtualService: 'virtualservices',
  DestinationRule: 'destinationrules',
  Telemetry: 'telemetries',
};

/** The few calls that tests make many times, without a process for each as kubectl would be. */
export class KubeApi {
  private readonly agent: Agent;
  private readonly server: URL;

  constructor(kubeconfig: string) {
    const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as {
      clusters: { cluster: Record<string, string> }[];
      users: { user: Record<string, string> }[];
    };
    const [cluster, user] = [clusters[0]?.cluster ?? {}, users[0]?.user ?? {}];
    const secret = (map: Record<string, string>, name: string): Buffer | undefined => {
      const data = map[`${name}-data`];
      const file = map[name];
      return data !== undefined ? Buffer.from(data, 'base64') : file === undefined ? undefined : readFileSync(file);
    };
    this.server = new URL(cluster['server'] ?? '');
    this.agent = new Agent({
      keepAlive: true,
      ca: secret(cluster, 'certificate-authority'),
      cert: secret(user, 'client-certificate'),
      key: secret(user, 'client-key'),
    });
  }

  /** Creates or changes an object by server-side apply; the object as the API server has it now. */
  async apply(object: KubernetesObject): Promise<KubernetesObject> {
    const path = `${this.path(object)}?fieldManager=meshwright-test&force=true`;
    return (await this.call('PATCH', path, object)) as KubernetesObject;
  }

  /** Removes an object; one that is not there is no error. */
  async remove(object: KubernetesObject): Promise<void> {
    await this.call('DELETE', this.path(object));
  }

  private path({ apiVersion, kind, metadata }: KubernetesObject): string {
    const api = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const plural = plurals[kind] ?? `${kind.toLowerCase()}s`;
    const namespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
    return `${api}${namespace}/${plural}/${metadata.name}`;
  }

  private call(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = { 'content-type': 'application/apply-patch+yaml', accept: 'application/json' };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.server), { method, headers, agent: this.agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const status = response.statusCode ?? 0;
          if (status < 300 || (method === 'DELETE' && status === 404)) resolve(JSON.parse(text));
          else reject(new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`));
        });
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
