import type { Place } from '../place';
import { error, warning, when, type SchemaProblem } from '../problem';
import { cipherProblems } from './ciphers';

const fileFields = ['serverCertificate', 'privateKey', 'caCertificates'];
const credentialFields = ['tlsCertificates', 'credentialName', 'credentialNames'];
const terminating = ['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL'];

/** The mode of a server's TLS. Without one it passes TLS on unopened. */
export function serverTlsMode(tls: Place): string {
  return tls.at('mode').text === '' ? 'PASSTHROUGH' : tls.at('mode').text;
}

/** Whether a server passes TLS on unopened, so that it needs no certificate. */
export function passesThrough(tls: Place): boolean {
  return ['PASSTHROUGH', 'AUTO_PASSTHROUGH'].includes(serverTlsMode(tls));
}

/** TLS of a server at a gateway or a sidecar. It takes its certificate from one source. */
export function serverTlsProblems(tls: Place): SchemaProblem[] {
  if (!tls.isSet) return [];
  const mode = serverTlsMode(tls);
  const ciphers = cipherProblems(tls);
  if (mode === 'ISTIO_MUTUAL') {
    const set = [...fileFields, ...credentialFields].filter((field) => isGiven(tls.at(field)));
    return [
      ...ciphers,
      ...set.map((field) =>
        error(tls.at(field), "cannot be set for mode ISTIO_MUTUAL, which uses Istio's own certificates"),
      ),
    ];
  }
  const unused = passesThrough(tls)
    ? ['caCrl', ...fileFields, ...credentialFields].filter((field) => isGiven(tls.at(field)))
    : [];
  return [
    ...ciphers,
    ...unused.map((field) => warning(tls.at(field), `has no effect for mode ${mode}, which opens no TLS`)),
    ...sourceProblems(tls),
    ...(terminating.includes(mode) && !usesSecret(tls)
      ? [...certificateProblems(tls, mode), ...crlProblems(tls, mode)]
      : []),
  ];
}

function usesSecret(tls: Place): boolean {
  return isGiven(tls.at('credentialName')) || isGiven(tls.at('credentialNames'));
}

function sourceProblems(tls: Place): SchemaProblem[] {
  const files = ['serverCertificate', 'privateKey'].every((field) => isGiven(tls.at(field)))
    ? ['serverCertificate with privateKey']
    : [];
  const sources = [...files, ...credentialFields.filter((field) => isGiven(tls.at(field)))];
  return when(sources.length > 1, () =>
    error(tls, `only one source of certificates can be set, here are ${sources.join(' and ')}`),
  );
}

function certificateProblems(tls: Place, mode: string): SchemaProblem[] {
  const list = tls.at('tlsCertificates');
  const certificates = list.size > 0 ? list.items : [tls];
  const missing = certificates.flatMap((certificate) =>
    ['serverCertificate', 'privateKey'].map((field) => certificate.at(field)).filter(({ text }) => text === ''),
  );
  const clientCa = tls.at('caCertificates');
  return [
    ...missing.map((place) => error(place, `is required for mode ${mode}, unless credentialName is set`)),
    ...when(mode !== 'SIMPLE' && clientCa.text === '', () =>
      error(clientCa, `is required for mode ${mode}, to verify clients with, unless credentialName is set`),
    ),
    ...when(list.size > 2, () =>
      warning(list, `has ${list.size} certificates; Envoy takes one of RSA and one of ECDSA`),
    ),
  ];
}

function crlProblems(tls: Place, mode: string): SchemaProblem[] {
  const crl = tls.at('caCrl');
  return when(crl.text !== '' && mode === 'SIMPLE', () =>
    error(crl, 'is not supported for mode SIMPLE, which verifies no client'),
  );
}

export function isGiven(place: Place): boolean {
  return place.text !== '' || place.size > 0;
}
