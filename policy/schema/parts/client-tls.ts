import type { Place } from '../place';
import { error, when, type SchemaProblem } from '../problem';

const files = ['clientCertificate', 'privateKey', 'caCertificates', 'caCrl'];

/** TLS that sidecars and gateways originate. */
export function clientTlsProblems(tls: Place): SchemaProblem[] {
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

/** Who skips the verification has nothing to verify with. */
function unverifiedProblems(tls: Place, mode: string): SchemaProblem[] {
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
