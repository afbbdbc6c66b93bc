import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { newAuthority } from './certificates';

/** Everyone who calls the API server with a certificate. */
const clients = {
  admin: { commonName: 'meshwright-admin', organization: 'system:masters' },
  'kube-controller-manager': { commonName: 'system:kube-controller-manager', organization: 'meshwright-lab' },
  'kube-scheduler': { commonName: 'system:kube-scheduler', organization: 'meshwright-lab' },
} as const;

export type Client = keyof typeof clients;

/** Absolute paths of the lab's certificates and keys. */
export interface Pki {
  readonly authority: string;
  /** What every process serves with, and what the API server calls etcd with. */
  readonly server: { readonly certificate: string; readonly key: string };
  /** Signs and checks the tokens of ServiceAccounts. */
  readonly serviceAccountKey: string;
  readonly client: (client: Client) => { readonly certificate: string; readonly key: string };
}

function pkiIn(dir: string): Pki {
  const pair = (name: string) => ({ certificate: path.join(dir, `${name}.crt`), key: path.join(dir, `${name}.key`) });
  return {
    authority: path.join(dir, 'ca.crt'),
    server: pair('server'),
    serviceAccountKey: path.join(dir, 'service-account.key'),
    client: pair,
  };
}

async function write(dir: string): Promise<void> {
  const files = pkiIn(dir);
  const save = (file: string, text: string) => writeFile(file, text, { mode: 0o600 });
  const saveFor = async (name: string, made: Promise<{ certificatePem: string; keyPem: string }>) => {
    const { certificatePem, keyPem } = await made;
    await save(path.join(dir, `${name}.crt`), certificatePem);
    await save(path.join(dir, `${name}.key`), keyPem);
  };
  const authority = await newAuthority({ commonName: 'meshwright-lab', organization: 'meshwright-lab' });
  const server = { commonName: 'meshwright-lab-server', organization: 'meshwright-lab' };
  const serviceAccounts = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await Promise.all([
    save(files.authority, authority.certificatePem),
    save(files.serviceAccountKey, serviceAccounts.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()),
    saveFor('server', authority.issueServer(server, ['localhost'], ['127.0.0.1'])),
    ...Object.entries(clients).map(([name, subject]) => saveFor(name, authority.issue(subject))),
  ]);
}

/** The lab's certificates, or undefined before its first start. */
export function existingPki(dir: string): Pki | undefined {
  return existsSync(dir) ? pkiIn(dir) : undefined;
}

/** The lab's certificates, made when they are not there: all or none. */
export async function ensurePki(dir: string): Promise<{ readonly pki: Pki; readonly isNew: boolean }> {
  const existing = existingPki(dir);
  if (existing !== undefined) return { pki: existing, isNew: false };
  const draft = `${dir}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await write(draft);
  await rename(draft, dir);
  return { pki: pkiIn(dir), isNew: true };
}
