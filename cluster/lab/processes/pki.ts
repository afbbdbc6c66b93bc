import { createPublicKey, generateKeyPair, randomBytes, createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { md, pki } from 'node-forge';
import { stringify } from 'yaml';
import { replaceFile } from './layout';

/** Who a certificate is for. The organization is the Kubernetes group. */
interface Subject {
  readonly commonName: string;
  readonly organization: string;
}

const authoritySubject: Subject = { commonName: 'meshwright-lab', organization: 'meshwright-lab' };
const serverSubject: Subject = { commonName: 'meshwright-lab-server', organization: 'meshwright-lab' };

/** The clients that authenticate to the API server with a certificate. */
const clients = {
  admin: { commonName: 'meshwright-admin', organization: 'system:masters' },
  'kube-controller-manager': { commonName: 'system:kube-controller-manager', organization: 'meshwright-lab' },
  'kube-scheduler': { commonName: 'system:kube-scheduler', organization: 'meshwright-lab' },
} as const;

export type CertificateClient = keyof typeof clients;

interface KeyFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Absolute paths of the lab's certificates and keys. */
export interface Pki {
  readonly authority: string;
  /** The serving certificate of every process; also the API server's client certificate for etcd. */
  readonly server: KeyFiles;
  /** Signs and verifies the tokens of ServiceAccounts. */
  readonly serviceAccountKey: string;
  readonly client: (client: CertificateClient) => KeyFiles;
}

function pkiIn(dir: string): Pki {
  const pair = (name: string): KeyFiles => ({
    certificate: path.join(dir, `${name}.crt`),
    key: path.join(dir, `${name}.key`),
  });
  return {
    authority: path.join(dir, 'ca.crt'),
    server: pair('server'),
    serviceAccountKey: path.join(dir, 'service-account.key'),
    client: pair,
  };
}

/** The lab's certificates; undefined before its first start, and when one is missing or damaged. */
export function existingPki(dir: string): Pki | undefined {
  const files = pkiIn(dir);
  return isWhole(files) ? files : undefined;
}

/** Whether every key fits its certificate, and every certificate is valid and signed by the authority. */
function isWhole({ authority, server, serviceAccountKey, client }: Pki): boolean {
  try {
    const issuer = new X509Certificate(readFileSync(authority));
    createPrivateKey(readFileSync(serviceAccountKey));
    const pairs = [server, ...(Object.keys(clients) as CertificateClient[]).map(client)];
    return pairs.every(({ certificate, key }) => {
      const read = new X509Certificate(readFileSync(certificate));
      const isValid = Date.parse(read.validFrom) <= Date.now() && Date.now() < Date.parse(read.validTo);
      return isValid && read.verify(issuer.publicKey) && read.checkPrivateKey(createPrivateKey(readFileSync(key)));
    });
  } catch {
    return false;
  }
}

/** The lab's certificates. If any is missing or damaged, all are created again, and running processes do not know the new ones. */
export async function ensurePki(dir: string): Promise<{ readonly pki: Pki; readonly made?: 'first' | 'replaced' }> {
  const existing = existingPki(dir);
  if (existing !== undefined) return { pki: existing };
  const made = existsSync(dir) ? 'replaced' : 'first';
  const draft = `${dir}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await writePki(pkiIn(draft));
  await rm(dir, { recursive: true, force: true });
  await rename(draft, dir);
  return { pki: pkiIn(dir), made };
}

async function writePki(files: Pki): Promise<void> {
  const save = (file: string, text: string): Promise<void> => writeFile(file, text, { mode: 0o600 });
  const authorityKeys = await newKeys();
  const serviceAccounts = await newKeys();
  const issue = async ({ certificate, key }: KeyFiles, subject: Subject, extensions: readonly object[]) => {
    const keys = await newKeys();
    await save(certificate, sign({ subject, keys, issuerKeys: authorityKeys, extensions: [keyUsage, ...extensions] }));
    await save(key, keys.pem);
  };
  await Promise.all([
    save(
      files.authority,
      sign({ subject: authoritySubject, keys: authorityKeys, issuerKeys: authorityKeys, extensions: ofAuthority }),
    ),
    save(files.serviceAccountKey, serviceAccounts.pem),
    issue(files.server, serverSubject, ofServer),
    ...Object.entries(clients).map(([name, subject]) =>
      issue(files.client(name as CertificateClient), subject, ofClient),
    ),
  ]);
}

const keyUsage = { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true };
const ofAuthority = [
  { name: 'basicConstraints', cA: true, critical: true },
  { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
];
const ofClient = [{ name: 'extKeyUsage', clientAuth: true }];
const ofServer = [
  { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
  {
    name: 'subjectAltName',
    // RFC 5280, section 4.2.1.6: 2 is a DNS name, 7 an address.
    altNames: [
      { type: 2, value: 'localhost' },
      { type: 7, ip: '127.0.0.1' },
    ],
  },
];

interface Keys {
  readonly pem: string;
  readonly private: pki.rsa.PrivateKey;
  readonly public: pki.rsa.PublicKey;
}

const generate = promisify(generateKeyPair);

async function newKeys(): Promise<Keys> {
  // Node's OpenSSL is many times quicker than JavaScript.
  const { privateKey } = await generate('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  return { pem, private: pki.privateKeyFromPem(pem), public: pki.publicKeyFromPem(publicPem) };
}

/** Longer than any lab lives. */
const validYears = 10;

interface Signing {
  readonly subject: Subject;
  readonly keys: Keys;
  readonly issuerKeys: Keys;
  readonly extensions: readonly object[];
}

function sign({ subject, keys, issuerKeys, extensions }: Signing): string {
  const certificate = pki.createCertificate();
  certificate.publicKey = keys.public;
  certificate.serialNumber = serialNumber(randomBytes(16));
  certificate.validity.notBefore = new Date(Date.now() - 3_600_000); // An hour, for clocks that are set back.
  certificate.validity.notAfter = new Date();
  certificate.validity.notAfter.setFullYear(new Date().getFullYear() + validYears);
  certificate.setSubject(attributes(subject));
  certificate.setIssuer(attributes(authoritySubject));
  certificate.setExtensions([...extensions]);
  certificate.sign(issuerKeys.private, md.sha256.create());
  return pki.certificateToPem(certificate);
}

function attributes({ commonName, organization }: Subject): pki.CertificateField[] {
  return [
    { name: 'organizationName', value: organization },
    { name: 'commonName', value: commonName },
  ];
}

/**
 * A serial number in hexadecimal. Its first byte is from 40 to 7f: DER reads a higher one as negative, and Go refuses a leading zero before a lower one as malformed
 * (RFC 5280, 4.1.2.2; X.690, 8.3.2).
 */
export function serialNumber(random: Uint8Array): string {
  const [first = 0, ...rest] = random;
  return Buffer.from([(first & 0x3f) | 0x40, ...rest]).toString('hex');
}

/** Name of the context, cluster and user in the lab's kubeconfigs. */
export const labContext = 'meshwright-lab';

/** Writes a kubeconfig with the certificates inside, so that it works from any folder. */
export async function writeKubeconfig(
  file: string,
  server: string,
  files: Pki,
  client: CertificateClient,
): Promise<void> {
  const data = async (source: string): Promise<string> => (await readFile(source)).toString('base64');
  const { certificate, key } = files.client(client);
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': labContext,
    clusters: [{ name: labContext, cluster: { server, 'certificate-authority-data': await data(files.authority) } }],
    users: [
      {
        name: labContext,
        user: { 'client-certificate-data': await data(certificate), 'client-key-data': await data(key) },
      },
    ],
    contexts: [{ name: labContext, context: { cluster: labContext, user: labContext } }],
  });
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await replaceFile(file, text);
}
