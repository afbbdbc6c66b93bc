import { existsSync } from 'node:fs';
import { existingPki, findRunning, layoutOf, newClient, readPorts } from './control-plane';
import type { Client } from './control-plane';
import { labProcessNames } from './types';
import type { LabLocation, LabStatus } from './types';

async function versionOf(client: Client | undefined): Promise<string | undefined> {
  const answer = await client?.get('kube-apiserver', '/version');
  return answer === undefined ? undefined : /"gitVersion":\s*"([^"]+)"/.exec(answer)?.[1];
}

/** What runs and what answers. Starts nothing and changes nothing. */
export async function labStatus({ root }: LabLocation = {}): Promise<LabStatus> {
  const layout = layoutOf(root);
  const [running, ports, pki] = [await findRunning(layout), await readPorts(layout), existingPki(layout.pki)];
  const client = ports === undefined || pki === undefined ? undefined : await newClient(ports, pki);
  const version = await versionOf(client);
  return {
    stateDir: layout.stateDir,
    processes: labProcessNames.map((name) => {
      const pid = running[name][0]?.pid;
      return {
        name,
        running: pid !== undefined,
        ...(pid === undefined ? {} : { pid }),
        ...(ports === undefined ? {} : { port: ports[name] }),
        logFile: layout.logOf(name),
      };
    }),
    ...(ports === undefined ? {} : { proxy: `http://127.0.0.1:${ports.egress}` }),
    ...(existsSync(layout.kubeconfig) ? { kubeconfig: layout.kubeconfig } : {}),
    apiServer: {
      reachable: version !== undefined,
      ...(version === undefined ? {} : { version }),
      ...(ports === undefined ? {} : { url: `https://127.0.0.1:${ports['kube-apiserver']}` }),
    },
  };
}
