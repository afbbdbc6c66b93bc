import { isValid, isValidCIDR, parse, parseCIDR } from 'ipaddr.js';
import { RE2JS } from 're2js';
import { compareStrings } from '../collections';
import { asMap, asName, asNumber, asString, asStringMap, isMap, type JsonMap } from '../json';

/** A test of a string. */
export type Test =
  | { kind: 'present' }
  | { kind: 'exact' | 'prefix' | 'suffix'; value: string; ignoreCase: boolean }
  /** `said` puts into words what the regex stands for. */
  | { kind: 'regex'; value: string; said?: string };

/**
 * One condition on one property of a request or its client. Variables: `path`, `header <name>` (with `:method`, `:authority`, `:scheme`), `query <name>`,
 * `claim <name>`, `token` (`valid` or `invalid`), `request principal`, `sni`, `sni between proxies` (that of mutual TLS), `destination address`, and of the client `source label <name>`, `source namespace`,
 * `source principal`, `source address`, `remote address`.
 */
export interface Literal {
  variable: string;
  test: Test;
  negated: boolean;
  /** Whether an absent property counts as ''. Otherwise it fails every test. */
  missingAsEmpty: boolean;
}

/** Values of properties; an absent one is undefined. */
export type Valuation = (variable: string) => string | undefined;

export function holds(literal: Literal, valuation: Valuation): boolean {
  return literalHolds(literal, valuation(literal.variable));
}

export function allHold(literals: readonly Literal[], valuation: Valuation): boolean {
  return literals.every((literal) => holds(literal, valuation));
}

/** Whether a value of the literal's variable satisfies the literal. */
export function literalHolds(literal: Literal, value: string | undefined): boolean {
  return testHolds(literal.test, literal.missingAsEmpty ? (value ?? '') : value) !== literal.negated;
}

function testHolds(test: Test, value: string | undefined): boolean {
  if (value === undefined) return false;
  if (test.kind === 'present') return true;
  if (test.kind === 'regex') return matchesRegex(test.value, value);
  const [wanted, given] = test.ignoreCase ? [test.value.toLowerCase(), value.toLowerCase()] : [test.value, value];
  if (test.kind === 'exact') return given === wanted;
  return test.kind === 'prefix' ? given.startsWith(wanted) : given.endsWith(wanted);
}

/** A literal that is not negated. */
export function literal(variable: string, test: Test): Literal {
  return { variable, test, negated: false, missingAsEmpty: false };
}

export function exact(variable: string, value: string): Literal {
  return literal(variable, { kind: 'exact', value, ignoreCase: false });
}

const compiled = new Map<string, RE2JS | undefined>();

/** Whether a RE2 regex matches the whole of `value`, as Envoy's safe_regex does. A regex that RE2 refuses matches nothing. */
export function matchesRegex(regex: string, value: string): boolean {
  return compile(regex)?.matches(value) ?? false;
}

/** Replaces every match; `\1` in `substitution` is the first group (Envoy's regex_rewrite). */
export function replaceRegex(regex: string, value: string, substitution: string): string {
  const pattern = compile(regex);
  if (pattern === undefined) return value;
  const replacement = substitution.replace(/\$/g, '\\$').replace(/\\(\d)/g, '$$$1');
  return pattern.matcher(value).replaceAll(replacement);
}

function compile(regex: string): RE2JS | undefined {
  if (!compiled.has(regex)) {
    try {
      compiled.set(regex, RE2JS.compile(regex));
    } catch {
      compiled.set(regex, undefined);
    }
  }
  return compiled.get(regex);
}

export function isAddress(host: string): boolean {
  return isValid(host);
}

/**
 * Whether an IP address is in one of the CIDRs (`10.0.0.0/8`, or a single address). Without CIDRs every address
 * matches. An unknown address is in none.
 */
export function inSubnets(address: string | undefined, subnets: readonly string[]): boolean {
  if (subnets.length === 0) return true;
  return address !== undefined && isValid(address) && subnets.some((subnet) => inSubnet(address, subnet));
}

function inSubnet(address: string, subnet: string): boolean {
  const parsed = parse(address);
  const cidr = subnet.includes('/') ? subnet : `${subnet}/${subnet.includes(':') ? 128 : 32}`;
  if (!isValidCIDR(cidr)) return false;
  const [network, bits] = parseCIDR(cidr);
  return network.kind() === parsed.kind() && parsed.match(network, bits);
}

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
