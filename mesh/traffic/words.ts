import { asMap, asString, canonical, isMap } from '../json';
import { compareStrings } from '../collections';
import { printable } from '../strings';
import { type Destination, type Fault, noSidecar, type Outcome, type WeightedDestination } from './outcome';
import { percent, type Share } from './share';
import type { Literal } from './conditions';

/** `VirtualService shop/reviews`. */
export function title({ kind, namespace, name }: { kind: string; namespace: string; name: string }): string {
  return `${kind} ${namespace}/${name}`;
}

/** `reviews.bookinfo v3`; the port only if the reader needs it. */
export function destinationWords({ host, subset }: Pick<Destination, 'host' | 'subset'>): string {
  const short = /^([^.]+\.[^.]+)\.svc\./.exec(host)?.[1] ?? host;
  return subset === undefined ? short : `${short} ${subset}`;
}

/** `shop/reviews-v1|9080` is a workload's port, `reviews.shop.svc.cluster.local|v1|9080|labels` a destination without known workloads. */
export function endWords(place: string): string {
  const [first = '', subset, port] = place.split('|');
  return port === undefined ? first.trim() : destinationWords({ host: first, ...(subset ? { subset } : {}) });
}

/**
 * Ends with their shares: `shop/reviews-v1 90 %, shop/reviews-v2 10 %`; for pods that are not in the input, their
 * labels.
 */
export function endsWords(ends: Readonly<Record<string, Share>>): string {
  const places = Object.entries(ends).map(([place, part]) => {
    const labels = place.split('|')[3];
    const name = labels ? `pods with ${labels}` : endWords(place);
    return part === '1' ? name : `${name} ${percent(part)}`;
  });
  return places.join(', ');
}

/** A string as code in a Markdown table: markup, links, mentions and HTML in it have no effect. */
export function codeSpan(value: string): string {
  const line = printable(value).replaceAll('\n', ' ').replaceAll('|', '\\|');
  if (line.trim() === '') return line;
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${space}${line}${space}${fence}`;
}

/** Where requests go, in one line: `reviews.bookinfo v1 90 %, reviews.bookinfo v3 10 %`. */
export function outcomeWords(outcome: Outcome): string {
  return [placeWords(outcome), ...treatmentWords(outcome)].join('; ');
}

/** Only the destinations. */
export function placeWords({ kind, destinations = [], status, redirect, location, why, body }: Outcome): string {
  switch (kind) {
    case 'routed':
      return destinations.map((destination) => weightedWords(destination, destinations.length > 1)).join(', ');
    case 'redirect':
      return `redirect ${status ?? ''}${location === undefined ? redirectWords(redirect) : ` to ${location}`}`;
    case 'response':
      return `answer ${status ?? ''}${body === undefined ? (why === undefined ? '' : `, ${why}`) : ` "${body}"`}`;
    case 'noRoute':
      return '404, no rule';
    case 'passthrough':
      return 'passthrough, to the original address';
    case 'blackHole':
      return '502, unknown host';
    case 'reset':
      return 'connection closed';
    case 'unknown':
      return why ?? 'unknown';
  }
}

/** How requests are treated, besides their destination. */
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
    ...(outcome.kind !== 'routed' ||
    outcome.why === noSidecar ||
    (isDefault && retries?.attempts === 2 && retries.perTryTimeout === undefined)
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
    ...(asString(uri) === undefined ? [] : [`path becomes ${asString(uri) ?? ''}`]),
    ...(isMap(uriRegexRewrite)
      ? [`path ${asString(regex['match']) ?? ''} becomes ${asString(regex['rewrite']) ?? ''}`]
      : []),
    ...(asString(authority) === undefined ? [] : [`host becomes ${asString(authority) ?? ''}`]),
  ];
}

function weightedWords(destination: WeightedDestination, several: boolean): string {
  const failing = failureWords(destination);
  return `${destinationWords(destination)}${several ? ` ${percent(destination.share)}` : ''}${failing === '' ? '' : ` (${failing})`}`;
}

/** Why requests to a destination fail: `503: no pod …`, or of which part. */
export function failureWords(destination: Pick<WeightedDestination, 'missing' | 'failures' | 'closed'>): string {
  const { missing, failures = [], closed } = destination;
  if (missing !== undefined) return `${closed === true ? 'closed' : '503'}: ${missing}`;
  return failures
    .map(({ share, status = 'closed', why }) => `${share === '1' ? '' : `${percent(share)} `}${status}: ${why}`)
    .join('; ');
}

function redirectWords(redirect: Outcome['redirect'] = {}): string {
  return ` ${Object.entries(redirect)
    .filter(([key]) => key !== 'redirectCode')
    .sort(([a], [b]) => compareStrings(a, b))
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ')}`;
}

function retryWords({ attempts, retryOn, perTryTimeout }: NonNullable<Outcome['retries']>): string {
  return `${attempts} retries on ${retryOn}${perTryTimeout === undefined ? '' : `, ${perTryTimeout} each`}`;
}

/** `abort 500 for 50 %` */
export function faultWords(fault: Fault | undefined): string[] {
  const { abort, delay } = fault ?? {};
  return [
    ...(abort === undefined ? [] : [`abort ${abort.status ?? abort.grpcStatus ?? ''} for ${percent(abort.share)}`]),
    ...(delay === undefined ? [] : [`delay ${delay.duration} for ${percent(delay.share)}`]),
  ];
}

/** Conditions in words: `path starts with /static, header end-user is jason`; `all requests` without any. */
export function conditionWords(literals: readonly Literal[]): string {
  const words = conditionList(literals);
  return words.length === 0 ? 'all requests' : words.join(', ');
}

/** Each condition in words, once. */
export function conditionList(literals: readonly Literal[]): string[] {
  return [...new Set(literals.map(literalWords))];
}

function literalWords({ variable, test, negated }: Literal): string {
  const name = variable.replace(/^header :/, '');
  if (test.kind === 'regex' && test.said !== undefined)
    return `${name} ${negated ? test.said.replace(/^is /, 'is not ') : test.said}`;
  if (test.kind === 'present') return negated ? `no ${name}` : `any ${name}`;
  const verbs = {
    exact: ['is', 'is not'],
    prefix: ['starts with', 'does not start with'],
    suffix: ['ends with', 'does not end with'],
    regex: ['matches', 'does not match'],
  } as const;
  const anyCase = test.kind !== 'regex' && test.ignoreCase ? ' (in any case)' : '';
  return `${name} ${verbs[test.kind][negated ? 1 : 0]} ${test.value === '' ? '""' : test.value}${anyCase}`;
}
