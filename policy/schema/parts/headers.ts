import type { Place } from '../place';
import { error, when, type SchemaProblem } from '../problem';
import { whyNoHeaderValue } from './header-value';

const token = /^[-!#$%&'*+.^_`|~A-Za-z0-9]+$/;
const strictName = /^[-_A-Za-z0-9]+$/;
const pseudoHeaders = [':method', ':scheme', ':authority', ':path', ':status'];
const claimPrefix = '@request.auth.claims';

/** The Headers of a route or of one of its destinations: what is added, set and removed, in requests and responses. */
export function headersProblems(headers: Place): SchemaProblem[] {
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

/** A header's name in a match: one that HTTP allows, a pseudo header, or a claim of a JWT. */
export function matchedHeaderProblems(name: string, place: Place): SchemaProblem[] {
  if (isClaim(name) || pseudoHeaders.includes(name)) return [];
  return nameProblems(name, place, token);
}

/** A header's name for CORS, where `*` is any. */
export function corsHeaderProblems(place: Place): SchemaProblem[] {
  return place.text === '*' ? [] : nameProblems(place.text, place, token);
}

/** A header's name of letters, digits, `-` and `_` alone. */
export function strictHeaderProblems(place: Place): SchemaProblem[] {
  return nameProblems(place.text, place, strictName);
}

/** Whether a header in a match stands for a claim of the request's JWT: `@request.auth.claims.groups`, `@request.auth.claims[groups]`. */
export function isClaim(name: string): boolean {
  if (!name.toLowerCase().startsWith(claimPrefix)) return false;
  const claim = name.slice(claimPrefix.length);
  return /^\../.test(claim) || /^\[.+\]$/.test(claim);
}

function nameProblems(name: string, place: Place, allowed: RegExp): SchemaProblem[] {
  if (name === '') return [error(place, 'a header needs a name')];
  return when(!allowed.test(name), () => error(place, `"${name}" is no header name`));
}

function writtenNameProblems(name: string, place: Place, authorityAllowed: boolean): SchemaProblem[] {
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

function valueProblems(place: Place): SchemaProblem[] {
  const reason = whyNoHeaderValue(place.text);
  return reason === undefined ? [] : [error(place, `the value is no header value: ${reason}`)];
}
