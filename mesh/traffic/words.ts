import { canonical } from '../model/canonical';
import { compareText } from '../model/creation-order';
import { asMap, asText, isMap } from '../model/json';
import type { Destination, Fault, Outcome, WeightedDestination } from './outcome';
import { percent } from './share';

/** `reviews.bookinfo v3`; the port only where it matters to the reader. */
export function destinationWords({ host, subset }: Pick<Destination, 'host' | 'subset'>): string {
  const short = /^([^.]+\.[^.]+)\.svc\./.exec(host)?.[1] ?? host;
  return subset === undefined ? short : `${short} ${subset}`;
}

/** Where requests go, in one line: `reviews.bookinfo v1 90 %, reviews.bookinfo v3 10 %`. */
export function outcomeWords(outcome: Outcome): string {
  return [placeWords(outcome), ...treatmentWords(outcome)].join('; ');
}

/** Only where they go. */
export function placeWords({ kind, destinations = [], status, redirect, location, why, body }: Outcome): string {
  switch (kind) {
    case 'routed':
      return destinations.map((destination) => weightedWords(destination, destinations.length > 1)).join(', ');
    case 'redirect':
      return `redirect ${status ?? ''}${location === undefined ? redirectWords(redirect) : ` to ${location}`}`;
    case 'response':
      return `answer ${status ?? ''}${body === undefined ? '' : ` "${body}"`}`;
    case 'noRoute':
      return '404, no rule';
    case 'passthrough':
      return 'past the mesh, to the address asked for';
    case 'blackHole':
      return '502, unknown host';
    case 'reset':
      return 'connection closed';
    case 'unknown':
      return why ?? 'unknown';
  }
}

/** How requests are treated beside where they go. */
export function treatmentWords(outcome: Outcome): string[] {
  const { rewrite, authority, timeout, retries, mirrors = [], headers, fault, destinations = [] } = outcome;
  const changed = [
    ...new Set(
      [headers, ...destinations.flatMap((one) => one.headers ?? [])].filter((one) => one !== undefined).map(canonical),
    ),
  ];
  const isDefault = retries === undefined || retries.retryOn.startsWith('connect-failure,refused-stream,unavailable');
  return [
    ...rewriteWords(rewrite),
    ...(authority === undefined || rewrite?.['authority'] === authority ? [] : [`host becomes ${authority}`]),
    ...(timeout === undefined ? [] : [`timeout ${timeout}`]),
    ...(outcome.kind !== 'routed' || (isDefault && retries?.attempts === 2 && retries.perTryTimeout === undefined)
      ? []
      : [retries === undefined ? 'no retries' : retryWords(retries)]),
    ...mirrors.map((mirror) => `mirrored to ${destinationWords(mirror)} ${percent(mirror.share)}`),
    ...changed.map((operations) => `headers ${operations}`),
    ...faultWords(fault),
  ];
}

function rewriteWords(rewrite: Outcome['rewrite'] = {}): string[] {
  const { uri, authority, uriRegexRewrite } = rewrite;
  const regex = asMap(uriRegexRewrite);
  return [
    ...(asText(uri) === undefined ? [] : [`path becomes ${asText(uri) ?? ''}`]),
    ...(isMap(uriRegexRewrite)
      ? [`path ${asText(regex['match']) ?? ''} becomes ${asText(regex['rewrite']) ?? ''}`]
      : []),
    ...(asText(authority) === undefined ? [] : [`host becomes ${asText(authority) ?? ''}`]),
  ];
}

function weightedWords(destination: WeightedDestination, several: boolean): string {
  const missing = destination.missing === undefined ? '' : ` (503: ${destination.missing})`;
  return `${destinationWords(destination)}${several ? ` ${percent(destination.share)}` : ''}${missing}`;
}

function redirectWords(redirect: Outcome['redirect'] = {}): string {
  return ` ${Object.entries(redirect)
    .filter(([key]) => key !== 'redirectCode')
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ')}`;
}

function retryWords({ attempts, retryOn, perTryTimeout }: NonNullable<Outcome['retries']>): string {
  return `${attempts} retries on ${retryOn}${perTryTimeout === undefined ? '' : `, ${perTryTimeout} each`}`;
}

function faultWords(fault: Fault | undefined): string[] {
  const { abort, delay } = fault ?? {};
  return [
    ...(abort === undefined ? [] : [`abort ${abort.status ?? abort.grpcStatus ?? ''} for ${percent(abort.share)}`]),
    ...(delay === undefined ? [] : [`delay ${delay.duration} for ${percent(delay.share)}`]),
  ];
}
