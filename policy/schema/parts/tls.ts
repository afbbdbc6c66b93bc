import { type FieldPlace, error, when, type SchemaProblem, warning, shown } from '../place';

const files = ['clientCertificate', 'privateKey', 'caCertificates', 'caCrl'];

/** TLS that sidecars and gateways originate. */
export function clientTlsProblems(tls: FieldPlace): SchemaProblem[] {
  const mode = tls.at('mode').text;
  if (!tls.isSet) return [];
  const problems = unverifiedProblems(tls, mode);
  if ((mode === 'SIMPLE' || mode === 'MUTUAL') && tls.at('credentialName').text !== '') {
    const set = files.filter((file) => tls.at(file).text !== '');
    return [...problems, ...set.map((file) => error(tls.at(file), 'cannot be set together with credentialName'))];
  }
  if (mode !== 'MUTUAL') return problems;
  const missing = ['clientCertificate', 'privateKey'].filter((file) => tls.at(file).text === '');
  return [
    ...problems,
    ...missing.map((file) => error(tls.at(file), 'is required for mode MUTUAL, unless credentialName is set')),
  ];
}

/** A client that skips verification needs nothing to verify with. */
function unverifiedProblems(tls: FieldPlace, mode: string): SchemaProblem[] {
  if (!tls.at('insecureSkipVerify').isTrue || !['SIMPLE', 'MUTUAL'].includes(mode)) return [];
  const excluded =
    mode === 'SIMPLE' ? ['caCertificates', 'credentialName', 'subjectAltNames'] : ['caCertificates', 'subjectAltNames'];
  return excluded.flatMap((field) => {
    const place = tls.at(field);
    return when(place.text !== '' || place.size > 0, () =>
      error(place, 'cannot be set together with insecureSkipVerify: true'),
    );
  });
}

const fileFields = ['serverCertificate', 'privateKey', 'caCertificates'];
const credentialFields = ['tlsCertificates', 'credentialName', 'credentialNames'];
const terminating = ['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL'];

/** The mode of a server's TLS. Without a mode the server passes TLS through. */
function serverTlsMode(tls: FieldPlace): string {
  return tls.at('mode').text === '' ? 'PASSTHROUGH' : tls.at('mode').text;
}

/** Whether a server passes TLS through, so that it needs no certificate. */
export function passesThrough(tls: FieldPlace): boolean {
  return ['PASSTHROUGH', 'AUTO_PASSTHROUGH'].includes(serverTlsMode(tls));
}

/** TLS of a server at a gateway or a sidecar. It takes its certificate from one source. */
export function serverTlsProblems(tls: FieldPlace): SchemaProblem[] {
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
    ...unused.map((field) => warning(tls.at(field), `has no effect for mode ${mode}, which does not terminate TLS`)),
    ...sourceProblems(tls),
    ...(terminating.includes(mode) && !usesSecret(tls)
      ? [...certificateProblems(tls, mode), ...crlProblems(tls, mode)]
      : []),
  ];
}

function usesSecret(tls: FieldPlace): boolean {
  return isGiven(tls.at('credentialName')) || isGiven(tls.at('credentialNames'));
}

function sourceProblems(tls: FieldPlace): SchemaProblem[] {
  const files = ['serverCertificate', 'privateKey'].every((field) => isGiven(tls.at(field)))
    ? ['serverCertificate with privateKey']
    : [];
  const sources = [...files, ...credentialFields.filter((field) => isGiven(tls.at(field)))];
  return when(sources.length > 1, () =>
    error(tls, `only one source of certificates can be set, here are ${sources.join(' and ')}`),
  );
}

function certificateProblems(tls: FieldPlace, mode: string): SchemaProblem[] {
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
      warning(list, `has ${list.size} certificates; Envoy accepts one RSA and one ECDSA certificate`),
    ),
  ];
}

function crlProblems(tls: FieldPlace, mode: string): SchemaProblem[] {
  const crl = tls.at('caCrl');
  return when(crl.text !== '' && mode === 'SIMPLE', () =>
    error(crl, 'is not supported for mode SIMPLE, which verifies no client'),
  );
}

export function isGiven(place: FieldPlace): boolean {
  return place.text !== '' || place.size > 0;
}

/** Cipher suites that Istio passes on to Envoy. */
const suites = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
];

/** Istio ignores unknown cipher suites, so these are warnings. */
function cipherProblems(tls: FieldPlace): SchemaProblem[] {
  const { minimum, ciphers } = { minimum: tls.at('minProtocolVersion'), ciphers: tls.at('cipherSuites').items };
  const old = ['TLSV1_0', 'TLSV1_1'].includes(minimum.text);
  return [
    ...when(old && ciphers.length === 0, () =>
      warning(minimum, `${minimum.text} needs matching cipherSuites; the default ones do not match`),
    ),
    ...ciphers.flatMap((cipher, index) => [
      ...when(!isSuite(cipher.text), () =>
        warning(cipher, `${shown(cipher)} is not a cipher suite and will be ignored; allowed are ${suites.join(', ')}`),
      ),
      ...when(ciphers.findIndex(({ text }) => text === cipher.text) < index, () =>
        warning(cipher, `${shown(cipher)} occurs twice`),
      ),
    ]),
  ];
}

/** `ALL`, and expressions that begin with a sign, are OpenSSL's own. */
function isSuite(text: string): boolean {
  return text === '' || text === 'ALL' || !/^[A-Za-z0-9]/.test(text) || suites.includes(text);
}
