import { compareStrings } from '../../collections';
import { asMap, asName, asNumber, asString, asStringMap, isMap, type JsonMap } from '../../json';
import type { Literal, Test } from './literal';

/**
 * The conditions in one entry of an HTTP route's `match` (istio pilot/pkg/networking/core/route/route.go,
 * TranslateRouteMatch).
 */
export function httpMatchLiterals(match: JsonMap): Literal[] {
  return [
    ...uriLiterals(match),
    ...mapLiterals(match['headers'], headerVariable, false),
    ...mapLiterals(match['withoutHeaders'], headerVariable, true),
    ...stringLiterals('header :method', match['method']),
    ...stringLiterals('header :authority', match['authority']),
    ...stringLiterals('header :scheme', match['scheme']),
    ...mapLiterals(match['queryParams'], (name) => `query ${name}`, false),
  ];
}

/**
 * The conditions of `sourceLabels` and `sourceNamespace`. istiod ignores both in a match that names gateways (route.go,
 * sourceMatchHTTP).
 */
export function sourceLiterals(match: JsonMap): Literal[] {
  const namespace = asName(match['sourceNamespace']);
  return [
    ...Object.entries(asStringMap(match['sourceLabels']))
      .sort(([a], [b]) => compareStrings(a, b))
      .map(([label, value]) => positive(`source label ${label}`, { kind: 'exact', value, ignoreCase: false })),
    ...(namespace === undefined
      ? []
      : [positive('source namespace', { kind: 'exact', value: namespace, ignoreCase: false })]),
  ];
}

/** Port of the listener that a match applies to; undefined for every port. */
export function matchPort(match: JsonMap): number | undefined {
  const port = asNumber(match['port']);
  return port === 0 ? undefined : port;
}

const claimPrefix = '@request.auth.claims';

function headerVariable(name: string): string {
  return name.toLowerCase().startsWith(claimPrefix)
    ? `claim ${name.slice(claimPrefix.length + 1)}`
    : `header ${name.toLowerCase()}`;
}

function uriLiterals(match: JsonMap): Literal[] {
  const test = stringTest(match['uri'], match['ignoreUriCase'] === true);
  // A prefix of "/" or "" is not a condition: every path starts so.
  if (test === undefined || (test.kind === 'prefix' && (test.value === '' || test.value === '/'))) return [];
  return [positive('path', test)];
}

function stringLiterals(variable: string, value: unknown): Literal[] {
  return isMap(value) ? [stringLiteral(variable, value, false)] : [];
}

function mapLiterals(value: unknown, variable: (name: string) => string, negated: boolean): Literal[] {
  return Object.entries(asMap(value))
    .sort(([a], [b]) => compareStrings(a, b))
    .map(([name, match]) => stringLiteral(variable(name), asMap(match), negated));
}

function stringLiteral(variable: string, match: JsonMap, negated: boolean): Literal {
  const test = stringTest(match, false);
  // Without a kind of match, and with the regex `*`, the header only has to be present.
  if (test === undefined || (test.kind === 'regex' && test.value === '*')) {
    return { variable, test: { kind: 'present' }, negated, missingAsEmpty: false };
  }
  return { variable, test, negated, missingAsEmpty: negated };
}

function stringTest(value: unknown, ignoreCase: boolean): Test | undefined {
  const match = asMap(value);
  const [exact, prefix, regex] = [asString(match['exact']), asString(match['prefix']), asString(match['regex'])];
  if (exact !== undefined) return { kind: 'exact', value: exact, ignoreCase };
  if (prefix !== undefined) return { kind: 'prefix', value: prefix, ignoreCase };
  return regex === undefined ? undefined : { kind: 'regex', value: regex };
}

function positive(variable: string, test: Test): Literal {
  return { variable, test, negated: false, missingAsEmpty: false };
}
