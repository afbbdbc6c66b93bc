import { type FieldPlace, error, shown, warning, when, type SchemaProblem } from '../place';
import {
  httpStatusProblems,
  optionalPortProblems,
  regexProblems,
  durationProblems,
  finePercentProblems,
  grpcStatuses,
  whyNoHeaderValue,
  notNegative,
  statusCodes,
  parseDuration,
} from './values';

const kilobyte = 1024;

export function redirectProblems(redirect: FieldPlace): SchemaProblem[] {
  if (!redirect.isSet) return [];
  const { redirectCode, scheme } = { redirectCode: redirect.at('redirectCode'), scheme: redirect.at('scheme') };
  const says = ['uri', 'authority', 'scheme'].some((field) => redirect.at(field).text !== '');
  const goesToPort = redirect.at('port').isSet || redirect.at('derivePort').isSet;
  const code = redirectCode.number;
  return [
    ...when(!says && !goesToPort, () =>
      error(redirect, 'a redirect must change something: uri, authority, scheme or port'),
    ),
    ...when(code !== 0 && (code < 300 || code > 399), () =>
      error(redirectCode, `${shown(redirectCode)} is not a redirect; allowed are 300 to 399`),
    ),
    ...when(!['', 'http', 'https'].includes(scheme.text), () =>
      error(scheme, `${shown(scheme)} is not allowed; allowed are http and https`),
    ),
    ...optionalPortProblems(redirect.at('port')),
  ];
}

export function directResponseProblems(response: FieldPlace): SchemaProblem[] {
  if (!response.isSet) return [];
  const { string, bytes } = { string: response.at('body', 'string'), bytes: response.at('body', 'bytes') };
  const size = string.isSet ? new TextEncoder().encode(string.text).length : Math.floor((bytes.text.length * 3) / 4);
  const body = response.at('body');
  return [
    ...httpStatusProblems(response.at('status')),
    ...when(size > 1024 * kilobyte, () =>
      error(body, `the body has ${size} bytes; at most 1 MB is allowed, because every proxy holds it`),
    ),
    ...when(size > 100 * kilobyte && size <= 1024 * kilobyte, () =>
      warning(body, `the body has ${size} bytes, which every proxy holds; from 100 kB on the control plane suffers`),
    ),
  ];
}

export function rewriteProblems(rewrite: FieldPlace): SchemaProblem[] {
  if (!rewrite.isSet) return [];
  const { uri, regex, authority } = {
    uri: rewrite.at('uri'),
    regex: rewrite.at('uriRegexRewrite'),
    authority: rewrite.at('authority'),
  };
  if (uri.text !== '' && regex.isSet) return [error(rewrite, 'only one of uri and uriRegexRewrite can be set')];
  if (uri.text === '' && !regex.isSet && authority.text === '')
    return [error(rewrite, 'a rewrite must change something: uri, uriRegexRewrite or authority')];
  if (!regex.isSet) return [];
  const missing = ['match', 'rewrite'].filter((field) => regex.at(field).text === '');
  if (missing.length > 0) return missing.map((field) => error(regex.at(field), 'is required, and must not be empty'));
  return regexProblems(regex.at('match'));
}

export function faultProblems(fault: FieldPlace): SchemaProblem[] {
  if (!fault.isSet) return [];
  const { abort, delay } = { abort: fault.at('abort'), delay: fault.at('delay') };
  return [
    ...when(!abort.isSet && !delay.isSet, () => error(fault, 'a fault needs an abort, a delay, or both')),
    ...(abort.isSet ? abortProblems(abort) : []),
    ...(delay.isSet ? delayProblems(delay) : []),
  ];
}

function abortProblems(abort: FieldPlace): SchemaProblem[] {
  const { httpStatus, grpcStatus, http2Error } = {
    httpStatus: abort.at('httpStatus'),
    grpcStatus: abort.at('grpcStatus'),
    http2Error: abort.at('http2Error'),
  };
  const unknownGrpc = grpcStatus.isSet && !grpcStatuses.includes(grpcStatus.text);
  return [
    ...finePercentProblems(abort.at('percentage')),
    ...(httpStatus.isSet ? httpStatusProblems(httpStatus) : []),
    ...when(unknownGrpc, () =>
      error(grpcStatus, `${shown(grpcStatus)} is not a gRPC status; allowed are ${grpcStatuses.join(', ')}`),
    ),
    ...when(http2Error.isSet, () =>
      error(http2Error, 'Istio does not support HTTP/2 errors yet; use httpStatus or grpcStatus'),
    ),
    ...when(![httpStatus, grpcStatus, http2Error].some(({ isSet }) => isSet), () =>
      warning(abort, 'the abort does nothing: it states neither httpStatus nor grpcStatus'),
    ),
  ];
}

function delayProblems(delay: FieldPlace): SchemaProblem[] {
  const exponential = delay.at('exponentialDelay');
  return [
    ...finePercentProblems(delay.at('percentage')),
    ...durationProblems(delay.at('fixedDelay')),
    ...when(exponential.isSet, () =>
      error(exponential, 'Istio does not support exponential delays yet; use fixedDelay'),
    ),
    ...when(delay.at('percent').isSet, () => warning(delay.at('percent'), 'is deprecated; use percentage: {value: …}')),
  ];
}

const token = /^[-!#$%&'*+.^_`|~A-Za-z0-9]+$/;
const strictName = /^[-_A-Za-z0-9]+$/;
const pseudoHeaders = [':method', ':scheme', ':authority', ':path', ':status'];
const claimPrefix = '@request.auth.claims';

/** The Headers of a route or of one of its destinations: what is added, set and removed, in requests and responses. */
export function headersProblems(headers: FieldPlace): SchemaProblem[] {
  if (!headers.isSet) return [];
  return ['request', 'response'].flatMap((direction) => {
    const operations = headers.at(direction);
    const written = ['add', 'set'].flatMap((operation) => operations.at(operation).entries);
    return [
      ...written.flatMap(({ key, place }) => [
        ...writtenNameProblems(key, place, direction === 'request'),
        ...valueProblems(place),
      ]),
      ...operations.at('remove').items.flatMap((place) => writtenNameProblems(place.text, place, false)),
    ];
  });
}

/** Whether a header is the authority of a request, under either of its names. */
export function isAuthority(header: string): boolean {
  return [':authority', 'host'].includes(header.toLowerCase());
}

/** The name of a header in a match: a valid HTTP header, a pseudo header, or a claim of a JWT. */
export function matchedHeaderProblems(name: string, place: FieldPlace): SchemaProblem[] {
  if (isClaim(name) || pseudoHeaders.includes(name)) return [];
  return nameProblems(name, place, token);
}

/** A header's name for CORS, where `*` is any. */
function corsHeaderProblems(place: FieldPlace): SchemaProblem[] {
  return place.text === '*' ? [] : nameProblems(place.text, place, token);
}

/** The name of a header, with only letters, digits, `-` and `_`. */
export function strictHeaderProblems(place: FieldPlace): SchemaProblem[] {
  return nameProblems(place.text, place, strictName);
}

/** Whether a header in a match stands for a claim of the request's JWT: `@request.auth.claims.groups`, `@request.auth.claims[groups]`. */
export function isClaim(name: string): boolean {
  if (!name.toLowerCase().startsWith(claimPrefix)) return false;
  const claim = name.slice(claimPrefix.length);
  return /^\../.test(claim) || /^\[.+\]$/.test(claim);
}

function nameProblems(name: string, place: FieldPlace, allowed: RegExp): SchemaProblem[] {
  if (name === '') return [error(place, 'a header needs a name')];
  return when(!allowed.test(name), () => error(place, `"${name}" is not a header name`));
}

function writtenNameProblems(name: string, place: FieldPlace, authorityAllowed: boolean): SchemaProblem[] {
  if (name === '') return [error(place, 'a header needs a name')];
  const internal = name.startsWith(':') || name.toLowerCase() === 'host';
  const refused = internal && !(authorityAllowed && isAuthority(name));
  return when(refused, () =>
    error(
      place,
      `"${name}" cannot be changed here; of the internal headers only the authority of a request can be set`,
    ),
  );
}

function valueProblems(place: FieldPlace): SchemaProblem[] {
  const reason = whyNoHeaderValue(place.text);
  return reason === undefined ? [] : [error(place, `the value is not a valid header value: ${reason}`)];
}

/** What Envoy can retry on, for HTTP and for gRPC. */
const conditions = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
];

export function retriesProblems(retries: FieldPlace): SchemaProblem[] {
  if (!retries.isSet) return [];
  const retryOn = retries.at('retryOn');
  const unknown = retryOn.text === '' ? [] : retryOn.text.split(',').filter((condition) => !isCondition(condition));
  const configured = ['perTryTimeout', 'retryRemoteLocalities'].filter((field) => retries.at(field).isSet);
  if (retryOn.text !== '') configured.push('retryOn');
  const disabled = retries.at('attempts').number === 0;
  return [
    ...notNegative(retries.at('attempts')),
    ...when(disabled && configured.length > 0, () =>
      error(
        retries,
        `${configured.join(', ')} have no meaning with attempts 0, which is what a missing attempts means; state attempts of at least 1, or leave them out`,
      ),
    ),
    ...durationProblems(retries.at('perTryTimeout')),
    ...durationProblems(retries.at('backoff')),
    ...unknown.map((condition) =>
      error(
        retryOn,
        `"${condition}" is not a retry condition; allowed are HTTP status codes and ${conditions.join(', ')}`,
      ),
    ),
  ];
}

function isCondition(text: string): boolean {
  return conditions.includes(text) || statusCodes.includes(Number(text));
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', '*'];

export function corsProblems(policy: FieldPlace): SchemaProblem[] {
  if (!policy.isSet) return [];
  const { allowOrigin, maxAge } = { allowOrigin: policy.at('allowOrigin'), maxAge: policy.at('maxAge') };
  const wholeSeconds = (parseDuration(maxAge.text) ?? 0) % 1000 === 0;
  return [
    ...policy.at('allowOrigins').items.flatMap(originProblems),
    ...policy
      .at('allowMethods')
      .items.flatMap((method) =>
        when(!methods.includes(method.text), () =>
          error(method, `${shown(method)} is not an HTTP method; allowed are ${methods.join(', ')}`),
        ),
      ),
    ...[...policy.at('allowHeaders').items, ...policy.at('exposeHeaders').items].flatMap(corsHeaderProblems),
    ...durationProblems(maxAge),
    ...when(!wholeSeconds, () => error(maxAge, `${shown(maxAge)} is too fine; the age must be whole seconds`)),
    ...when(allowOrigin.isSet, () => warning(allowOrigin, 'is deprecated; use allowOrigins: [{exact: …}]')),
  ];
}

function originProblems(origin: FieldPlace): SchemaProblem[] {
  const match = ['exact', 'prefix', 'regex'].map((kind) => origin.at(kind)).find(({ isSet }) => isSet);
  if (match === undefined || match.text === '')
    return [error(origin, 'an origin must be stated: exact, prefix or regex, not empty')];
  return origin.at('regex').isSet ? regexProblems(match) : [];
}
