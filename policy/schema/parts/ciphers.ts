import type { Place } from '../place';
import { shown, warning, when, type SchemaProblem } from '../problem';

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

/** Istio ignores what it does not know, so all of it is advice. */
export function cipherProblems(tls: Place): SchemaProblem[] {
  const { minimum, ciphers } = { minimum: tls.at('minProtocolVersion'), ciphers: tls.at('cipherSuites').items };
  const old = ['TLSV1_0', 'TLSV1_1'].includes(minimum.text);
  return [
    ...when(old && ciphers.length === 0, () =>
      warning(minimum, `${minimum.text} needs cipherSuites that fit it; those by default do not`),
    ),
    ...ciphers.flatMap((cipher, index) => [
      ...when(!isSuite(cipher.text), () =>
        warning(cipher, `${shown(cipher)} is no cipher suite and will be ignored; allowed are ${suites.join(', ')}`),
      ),
      ...when(ciphers.findIndex(({ text }) => text === cipher.text) < index, () =>
        warning(cipher, `${shown(cipher)} is there twice`),
      ),
    ]),
  ];
}

/** `ALL`, and expressions that begin with a sign, are OpenSSL's own. */
function isSuite(text: string): boolean {
  return text === '' || text === 'ALL' || !/^[A-Za-z0-9]/.test(text) || suites.includes(text);
}
