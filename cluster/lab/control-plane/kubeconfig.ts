import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Client, Pki } from './pki';

/** Name of the only context, cluster and user of the administrator's kubeconfig. */
export const CONTEXT = 'meshwright-lab';

/** Writes a kubeconfig that carries its certificates, so that it works wherever it is copied to. */
export async function writeKubeconfig(file: string, server: string, pki: Pki, client: Client): Promise<void> {
  const data = async (source: string): Promise<string> => (await readFile(source)).toString('base64');
  const { certificate, key } = pki.client(client);
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': CONTEXT,
    clusters: [{ name: CONTEXT, cluster: { server, 'certificate-authority-data': await data(pki.authority) } }],
    users: [
      {
        name: CONTEXT,
        user: { 'client-certificate-data': await data(certificate), 'client-key-data': await data(key) },
      },
    ],
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: CONTEXT } }],
  });
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.draft`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, file); // Others may be reading it.
}
