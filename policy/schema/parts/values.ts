import { type FieldPlace, error, shown, when, type SchemaProblem } from '../place';
import { RE2JS } from 're2js';

/** A required port. */
export function portProblems(place: FieldPlace): SchemaProblem[] {
  const { number } = place;
  return when(!(number >= 1 && number <= 65535), () =>
    error(place, `${place.isSet ? shown(place) : 'nothing'} is not a port; allowed are 1 to 65535`),
  );
}

/** A port where 0 and nothing mean "any". */
export function optionalPortProblems(place: FieldPlace): SchemaProblem[] {
  return place.number === 0 ? [] : portProblems(place);
}

/** A whole percentage where nothing means the default. */
export function percentProblems(place: FieldPlace): SchemaProblem[] {
  const { number } = place;
  return when(number < 0 || number > 100, () =>
    error(place, `${shown(place)} is not a percentage; allowed are 0 to 100`),
  );
}

/** The Percent of a fault: 0, or at least one in a million, which is Envoy's resolution. */
export function finePercentProblems(place: FieldPlace): SchemaProblem[] {
  const { number } = place.at('value');
  const fine = number === 0 || (number >= 0.0001 && number <= 100);
  return when(!fine, () =>
    error(place.at('value'), `${shown(place.at('value'))} is not a percentage; allowed are 0 and 0.0001 to 100`),
  );
}

export function notNegative(place: FieldPlace): SchemaProblem[] {
  return when(place.number < 0, () => error(place, `${shown(place)} must not be negative`));
}

/** A status code that Envoy can answer with. istiod also accepts 600. */
export function httpStatusProblems(place: FieldPlace): SchemaProblem[] {
  const { number } = place;
  return when(!(number >= 200 && number <= 600), () =>
    error(
      place,
      `${place.isSet ? shown(place) : 'nothing'} is not an HTTP status that can be answered; allowed are 200 to 599`,
    ),
  );
}

const milliseconds: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 36e5 };
const duration =
  /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*$/;

/** Milliseconds of a duration as Go writes it: `1.5s`, `1h30m`, `250ms`; `0` alone needs no unit. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!duration.test(text)) return undefined;
  const sum = [...text.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)].reduce(
    (total, [, amount = '0', unit = 's']) => total + Number(amount) * (milliseconds[unit] ?? 0),
    0,
  );
  return text.startsWith('-') ? -sum : sum;
}

/** A duration that is set must be at least 1ms and whole milliseconds. */
export function durationProblems(place: FieldPlace): SchemaProblem[] {
  if (!place.isSet) return [];
  const parsed = parseDuration(place.text);
  if (parsed === undefined || parsed < 1) return [error(place, noDuration(place))];
  return when(!isWhole(parsed), () =>
    error(place, `${shown(place)} is too fine; a duration must be whole milliseconds`),
  );
}

export function noDuration(place: FieldPlace): string {
  return `${shown(place)} is not a duration of at least 1ms; write a number with a unit, e.g. 250ms, 5s or 1m30s`;
}

/** Whether the milliseconds are whole, up to rounding errors. */
function isWhole(parsed: number): boolean {
  return Math.abs(parsed - Math.round(parsed)) < 1e-7;
}

/** HTTP status codes that have a name. */
export const statusCodes: readonly number[] = [
  100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400,
  401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425,
  426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
];

/** Names of gRPC's status codes. */
export const grpcStatuses: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** Istio takes regexes of at most this many characters. */
const longest = 1024;

/** A regex in the syntax of RE2, which Envoy uses: no look-around, no back-references. */
export function regexProblems(place: FieldPlace): SchemaProblem[] {
  if (place.text === '') return [error(place, 'a regex must not be empty')];
  if (place.text.length > longest)
    return [error(place, `a regex has at most ${longest} characters, this one has ${place.text.length}`)];
  const reason = whyNoRegex(place.text);
  return reason === undefined
    ? []
    : [error(place, `${shown(place)} is not an RE2 regex (no look-around, no back-references): ${reason}`)];
}

function whyNoRegex(regex: string): string | undefined {
  try {
    RE2JS.compile(regex);
    return undefined;
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  }
}

/** A StringMatch whose prefix and regex must not be empty. */
export function stringMatchProblems(match: FieldPlace): SchemaProblem[] {
  const prefix = match.at('prefix');
  if (prefix.isSet)
    return prefix.text === ''
      ? [error(prefix, 'a prefix must not be empty; leave the condition out to match everything')]
      : [];
  return match.at('regex').isSet ? regexProblems(match.at('regex')) : [];
}

/** Control characters except the tab. */
const controls = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/**
 * Why Envoy would refuse a header's value, or undefined. `%NAME%` and `%NAME(arguments)%` are Envoy's command operators, `%%` is a percent sign; arguments are text,
 * or a list of quoted texts.
 */
export function whyNoHeaderValue(value: string): string | undefined {
  if (controls.test(value)) return 'it has control characters';
  let rest = value;
  for (let start = rest.indexOf('%'); start >= 0; start = rest.indexOf('%')) {
    const after = rest.slice(start + 1);
    const length = after.startsWith('%') ? 1 : operatorLength(after);
    if (length === undefined)
      return 'a "%" begins an operator such as %DOWNSTREAM_REMOTE_ADDRESS% that does not end; write %% for a percent sign';
    rest = after.slice(length);
  }
  return undefined;
}

const operator = /^[^%(]*%/;
const operatorWithText = /^[^%(]*\( *[^ [](?:\\.|[^\\)])*\) *%/s;
const operatorWithEmptyArguments = /^[^%(]*\( *\) *%/;
const operatorWithList = /^[^%(]*\( *\[ *"(?:\\.|[^"\\])*"(?: *, *"(?:\\.|[^"\\])*")* *\] *\) *%/s;

/** Length of the operator that a text begins with, its last `%` included. */
function operatorLength(text: string): number | undefined {
  const forms = [operator, operatorWithList, operatorWithEmptyArguments, operatorWithText];
  return forms.map((form) => form.exec(text)?.[0].length).find((length) => length !== undefined);
}
