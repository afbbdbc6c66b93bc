import { escapeRegex } from '../strings';
import { asList, asName, asString, asStrings, type JsonMap } from '../json';
import type { MeshModel } from '../model/mesh-model';
import type { Literal, Test } from './conditions';

/** The rules of AuthorizationPolicies as conditions on requests (istio pilot/pkg/security/authz/model). */

/** The proxy that applies the policies. */
export interface Server {
  namespace: string;
  labels: Record<string, string>;
  /** Port of the pod. */
  port: number;
  isHttp: boolean;
}

export interface Context {
  mesh: MeshModel;
  server: Server;
  /** Whether a RequestAuthentication reads tokens, so that requests can have a principal. */
  hasTokens: boolean;
  /** The proxy is a gateway, which sees the clients' own TLS. */
  isGateway: boolean;
}

/** A condition: a known result, or a literal. Conditions with `isHttpOnly` do not apply to TCP. */
export interface Condition {
  known?: boolean;
  literal?: Literal;
  isHttpOnly: boolean;
}

/** The conditions that must hold together, without those that do not apply to the port; undefined if one never holds. */
export function conjoined(conditions: readonly Condition[], isHttp: boolean): Literal[] | undefined {
  const literals: Literal[] = [];
  for (const { known, literal: one, isHttpOnly } of conditions) {
    if (isHttpOnly && !isHttp) continue;
    if (known === false) return undefined;
    if (one !== undefined) literals.push(one);
  }
  return literals;
}

export function sourceConditions(source: JsonMap, context: Context, policyNamespace: string): Condition[] {
  return [
    ...listed(source, 'principals', 'source principal', (value) => principal(value, context)),
    ...listed(source, 'serviceAccounts', 'source principal', (value) => accountPrincipal(value, policyNamespace)),
    ...listed(source, 'namespaces', 'source namespace'),
    ...listed(source, 'ipBlocks', 'source address'),
    ...listed(source, 'remoteIpBlocks', 'remote address'),
    ...listed(source, 'requestPrincipals', 'request principal').map((one) => ofToken(one, context)),
  ];
}

/** `cluster.local` always stands for the trust domain of the mesh. */
function principal(value: string, { mesh }: Context): string {
  const trust = `${asName(mesh.config.raw['trustDomain']) ?? 'cluster.local'}/`;
  return value.startsWith(trust) ? `cluster.local/${value.slice(trust.length)}` : value;
}

/** The principal of a ServiceAccount, `NAME` or `NAMESPACE/NAME`. */
function accountPrincipal(value: string, policyNamespace: string): string {
  const [first = '', second] = value.split('/');
  return `cluster.local/ns/${second === undefined ? policyNamespace : first}/sa/${second ?? first}`;
}

export function operationConditions(operation: JsonMap, { server }: Context): Condition[] {
  const http = (conditions: Condition[]): Condition[] => conditions.map((one) => ({ ...one, isHttpOnly: true }));
  return [
    ...http(listed(operation, 'hosts', 'header :authority', undefined, true)),
    ...http(listed(operation, 'methods', 'header :method')),
    ...http(listed(operation, 'paths', 'path')),
    ...ports(operation['ports'], server.port, false),
    ...ports(operation['notPorts'], server.port, true),
  ];
}

function ports(value: unknown, port: number, negated: boolean): Condition[] {
  const list = asList(value).map(Number);
  return list.length === 0 ? [] : [{ known: list.includes(port) !== negated, isHttpOnly: false }];
}

/** The conditions of a field and of its `not…`. */
function listed(
  map: JsonMap,
  field: string,
  variable: string,
  change: (value: string) => string = (value) => value,
  ignoreCase = false,
): Condition[] {
  const not = `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  return [
    ...valuesCondition(asStrings(map[field]).map(change), variable, false, ignoreCase),
    ...valuesCondition(asStrings(map[not]).map(change), variable, true, ignoreCase),
  ];
}

function valuesCondition(
  values: readonly string[],
  variable: string,
  negated: boolean,
  ignoreCase = false,
): Condition[] {
  if (values.length === 0) return [];
  return [
    { literal: { variable, test: anyOf(values, ignoreCase), negated, missingAsEmpty: false }, isHttpOnly: false },
  ];
}

/** Without a RequestAuthentication no request has a principal or claims. */
function ofToken(condition: Condition, { hasTokens }: Context): Condition {
  if (hasTokens || condition.literal === undefined) return { ...condition, isHttpOnly: true };
  return { known: condition.literal.negated, isHttpOnly: true };
}

export function whenCondition(condition: JsonMap, context: Context, policyNamespace: string): Condition {
  const key = asString(condition['key']) ?? '';
  const variable = key === 'connection.sni' && !context.isGateway ? 'sni between proxies' : variableOf(key);
  const stated = (field: string): string[] =>
    asStrings(condition[field]).map((value) => {
      if (key === 'source.principal') return principal(value, context);
      return key === 'source.serviceAccount' ? accountPrincipal(value, policyNamespace) : value;
    });
  const [values, notValues] = [stated('values'), stated('notValues')];
  if (variable === 'destination port') {
    const port = String(context.server.port);
    return { known: (values.length === 0 || values.includes(port)) && !notValues.includes(port), isHttpOnly: false };
  }
  const isHttpOnly = key.startsWith('request.');
  const [positive, negative] = [valuesCondition(values, variable, false), valuesCondition(notValues, variable, true)];
  const [one] = [...positive, ...negative];
  if (one === undefined) return { isHttpOnly };
  const condition2 = { ...one, isHttpOnly };
  return key.startsWith('request.auth.') ? ofToken(condition2, context) : condition2;
}

function variableOf(key: string): string {
  const [, name] = /^request\.headers\[(.+)\]$/.exec(key) ?? [];
  if (name !== undefined) return `header ${name.toLowerCase()}`;
  const [, claim] = /^request\.auth\.claims(\[.+\])$/.exec(key) ?? [];
  if (claim !== undefined) return `claim ${claim.slice(1, -1).replaceAll('][', '.')}`;
  return (
    {
      'source.ip': 'source address',
      'remote.ip': 'remote address',
      'source.namespace': 'source namespace',
      'source.principal': 'source principal',
      'source.serviceAccount': 'source principal',
      'request.auth.principal': 'request principal',
      'request.auth.audiences': 'claim aud',
      'request.auth.presenter': 'claim azp',
      'destination.port': 'destination port',
      'destination.ip': 'pod address',
      'connection.sni': 'sni',
    }[key] ?? key
  );
}

/** A value of a policy: `*` matches anything, `a*` and `*a` a prefix and a suffix, `{*}` and `{**}` parts of a path. */
function anyOf(values: readonly string[], ignoreCase: boolean): Test {
  const tests = values.map((value) => patternTest(value, ignoreCase));
  const [first] = tests;
  if (first !== undefined && tests.length === 1) return first;
  if (tests.some(({ kind }) => kind === 'present')) return { kind: 'present' };
  const said = values.map((value) => value).join(' or ');
  return { kind: 'regex', value: `${ignoreCase ? '(?i)' : ''}(${tests.map(asRegex).join('|')})`, said: `is ${said}` };
}

function patternTest(value: string, ignoreCase: boolean): Test {
  if (value === '*') return { kind: 'present' };
  if (value.includes('{*}') || value.includes('{**}')) {
    const regex = value
      .split(/(\{\*\*?\})/)
      .map((part) => (part === '{*}' ? '[^/]+' : part === '{**}' ? '.*' : escapeRegex(part)))
      .join('');
    return { kind: 'regex', value: regex, said: `is ${value}` };
  }
  if (value.endsWith('*')) return { kind: 'prefix', value: value.slice(0, -1), ignoreCase };
  if (value.startsWith('*')) return { kind: 'suffix', value: value.slice(1), ignoreCase };
  return { kind: 'exact', value, ignoreCase };
}

function asRegex(test: Test): string {
  if (test.kind === 'present') return '.*';
  if (test.kind === 'regex') return test.value;
  const value = escapeRegex(test.value);
  return test.kind === 'exact' ? value : test.kind === 'prefix' ? `${value}.*` : `.*${value}`;
}

export function literal(variable: string, test: Test): Literal {
  return { variable, test, negated: false, missingAsEmpty: false };
}
