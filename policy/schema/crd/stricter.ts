import type { SchemaProblem } from '../problem';

/** Where the CRD refuses what istiod alone would take. Such an object never reaches istiod; it is told apart, because the reason is another one. */
const places: { kind: string; path: RegExp; advice: string }[] = [
  {
    kind: 'Gateway',
    path: /^spec\.servers\[\d+\]\.port\.number$/,
    advice: 'the CRD wants the port of a socket stated, too: number: 0',
  },
  {
    kind: 'Gateway',
    path: /^spec\.servers\[\d+\]\.tls\.tlsCertificates$/,
    advice: 'the CRD takes as many as Envoy: one of RSA and one of ECDSA',
  },
  { kind: 'DestinationRule', path: /\.minimumRingSize$/, advice: 'the CRD wants a number, without quotes' },
  {
    kind: 'ServiceEntry',
    path: /^spec\.addresses\[\d+\]$/,
    advice: 'an IPv6 address that ends in "::" must stand in quotes, or YAML reads a map',
  },
];

/** The advice for a CRD's error that istiod would not raise, or undefined for any other. */
export function crdOnlyAdvice(kind: string, { path }: SchemaProblem): string | undefined {
  return places.find((place) => place.kind === kind && place.path.test(path))?.advice;
}
