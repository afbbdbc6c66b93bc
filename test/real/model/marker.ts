import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { asList, asMap } from '../../../mesh/json';

/** A policy that refuses one path that no set asks for, to see in the listeners which set a proxy has. It names HTTP ports: on others the path would not count. */
export function markerPolicy(
  mark: string,
  ports: readonly number[],
  selector?: { matchLabels: Record<string, string> },
): KubernetesObject {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'marker', namespace: 'istio-system' },
    spec: {
      ...(selector && { selector }),
      action: 'DENY',
      rules: [{ to: [{ operation: { paths: [`/${mark}`], ports: ports.map(String) } }] }],
    },
  };
}

/** Whether a proxy's listeners for requests have a marker, and nothing new still waits for a part of its configuration. */
export async function listenersHave(adminPort: number, mark: string): Promise<true | undefined> {
  const dump = asMap(JSON.parse(await page(adminPort, '/config_dump?resource=dynamic_listeners')));
  const listeners = asList(dump['configs']).map(asMap);
  const marked = listeners.filter((listener) => JSON.stringify(listener['active_state'] ?? '').includes(`"/${mark}"`));
  const policed = listeners.filter((listener) => JSON.stringify(listener).includes('"/mark-'));
  const waits = listeners.some((listener) => listener['warming_state'] !== undefined);
  if (marked.length === 0 || marked.length < policed.length || waits) return undefined;
  const warming = await page(adminPort, '/stats?filter=cluster_manager.warming_clusters');
  return /warming_clusters: 0$/.test(warming.trim()) ? true : undefined;
}

function page(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      text(response).then(resolve, reject);
    }).on('error', reject);
  });
}
