import { createPublicKey, generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { md, pki } from 'node-forge';

/** Who a certificate is for. The organization is the Kubernetes group. */
export interface Subject {
  readonly commonName: string;
  readonly organization: string;
}

export interface Certificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Signs certificates until it is forgotten: its key is never written down. */
export interface Authority {
  readonly certificatePem: string;
  readonly issue: (subject: Subject) => Promise<Certificate>;
  /** A certificate to serve and to call with under these names and addresses. */
  readonly issueServer: (
    subject: Subject,
    names: readonly string[],
    addresses: readonly string[],
  ) => Promise<Certificate>;
  /** A certificate to serve and to call with, for whoever has this URI, e.g. a SPIFFE identity. */
  readonly issueIdentity: (subject: Subject, uri: string) => Promise<Certificate>;
}

/** A lab is data on one machine, thrown away long before. */
const VALID_YEARS = 10;

interface KeyPair {
  readonly pem: string;
  readonly private: pki.rsa.PrivateKey;
  readonly public: pki.rsa.PublicKey;
}

const generate = promisify(generateKeyPair);

async function newKeyPair(): Promise<KeyPair> {
  // OpenSSL makes the keys: many times quicker than doing it in JavaScript.
  const { privateKey } = await generate('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  return { pem, private: pki.privateKeyFromPem(pem), public: pki.publicKeyFromPem(publicPem) };
}

function attributes({ commonName, organization }: Subject): pki.CertificateField[] {
  return [
    { name: 'organizationName', value: organization },
    { name: 'commonName', value: commonName },
  ];
}

interface Signing {
  readonly subject: Subject;
  readonly keys: KeyPair;
  readonly issuer: Subject;
  readonly issuerKeys: KeyPair;
  readonly extensions: readonly object[];
}

/**
 * A certificate's serial number in hexadecimal, out of random bytes. Its first byte is from 40 to 7f: DER takes a higher one for a negative number, and a leading
 * zero before a lower one for a mistake, which Go refuses as malformed (RFC 5280, 4.1.2.2; X.690, 8.3.2).
 */
export function serialNumber(random: Uint8Array): string {
  const [first = 0, ...rest] = random;
  return Buffer.from([(first & 0x3f) | 0x40, ...rest]).toString('hex');
}

function sign({ subject, keys, issuer, issuerKeys, extensions }: Signing): string {
  const certificate = pki.createCertificate();
  certificate.publicKey = keys.public;
  certificate.serialNumber = serialNumber(randomBytes(16));
  certificate.validity.notBefore = new Date(Date.now() - 3_600_000); // An hour, for clocks that are set back.
  certificate.validity.notAfter = new Date();
  certificate.validity.notAfter.setFullYear(new Date().getFullYear() + VALID_YEARS);
  certificate.setSubject(attributes(subject));
  certificate.setIssuer(attributes(issuer));
  certificate.setExtensions([...extensions]);
  certificate.sign(issuerKeys.private, md.sha256.create());
  return pki.certificateToPem(certificate);
}

/** A new authority with a key of its own. */
export async function newAuthority(issuer: Subject): Promise<Authority> {
  const issuerKeys = await newKeyPair();
  const extensions = [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
  ];
  const issue = async (subject: Subject, extra: readonly object[]): Promise<Certificate> => {
    const keys = await newKeyPair();
    const keyUsage = { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true };
    const certificatePem = sign({ subject, keys, issuer, issuerKeys, extensions: [keyUsage, ...extra] });
    return { certificatePem, keyPem: keys.pem };
  };
  return {
    certificatePem: sign({ subject: issuer, keys: issuerKeys, issuer, issuerKeys, extensions }),
    issue: (subject) => issue(subject, [{ name: 'extKeyUsage', clientAuth: true }]),
    issueServer: (subject, names, addresses) =>
      issue(subject, [
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        {
          name: 'subjectAltName',
          // RFC 5280, section 4.2.1.6: 2 is a DNS name, 7 an address.
          altNames: [...names.map((value) => ({ type: 2, value })), ...addresses.map((ip) => ({ type: 7, ip }))],
        },
      ]),
    issueIdentity: (subject, uri) =>
      issue(subject, [
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        { name: 'subjectAltName', altNames: [{ type: 6, value: uri }] },
      ]),
  };
}
