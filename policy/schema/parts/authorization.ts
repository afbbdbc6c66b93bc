import { type FieldPlace, error, shown, when, type SchemaProblem } from '../place';
import { isCidr, isIpAddress } from './hosts';
import { nearest } from '../../../mesh/strings';

const identities = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'];
const accounts = ['serviceAccounts', 'notServiceAccounts'];
const requestIdentities = ['requestPrincipals', 'notRequestPrincipals'];
const trustDomains = ['trustDomains', 'notTrustDomains'];
const addresses = ['ipBlocks', 'notIpBlocks', 'remoteIpBlocks', 'notRemoteIpBlocks'];
const sourceFields = [...identities, ...accounts, ...requestIdentities, ...trustDomains, ...addresses];

/** Fields that an external authorizer cannot be asked by: they need an identity that only Istio knows. */
const identityFields = [...identities, ...accounts, ...requestIdentities, ...trustDomains];

/** Fields that also hold for plain TCP connections. */
export const tcpSourceFields: readonly string[] = [...identities, ...accounts, ...addresses];

export function sourceProblems(from: FieldPlace, custom: boolean): SchemaProblem[] {
  const source = from.at('source');
  if (!source.isSet) return [error(source, 'is required')];
  const given = sourceFields.filter((field) => source.at(field).size > 0);
  const mixed = given.some((field) => accounts.includes(field)) && given.some((field) => identities.includes(field));
  return [
    ...when(given.length === 0, () => error(source, `a source needs at least one of ${sourceFields.join(', ')}`)),
    ...when(mixed, () => error(source, 'serviceAccounts cannot be set together with principals or namespaces')),
    ...(custom
      ? given
          .filter((field) => identityFields.includes(field))
          .map((field) => error(source.at(field), 'is not supported for action CUSTOM'))
      : []),
    ...addresses.flatMap((field) => source.at(field).items.flatMap(addressProblems)),
    ...accounts.flatMap((field) => serviceAccountsProblems(source.at(field))),
    ...trustDomains.flatMap((field) => source.at(field).items.flatMap(trustDomainProblems)),
    ...[...identities, ...requestIdentities].flatMap((field) => source.at(field).items.flatMap(notEmpty)),
  ];
}

function notEmpty(place: FieldPlace): SchemaProblem[] {
  return when(place.text === '', () => error(place, 'must not be empty'));
}

/** An IP address or a block of them. */
function addressProblems(place: FieldPlace): SchemaProblem[] {
  const fine = place.text.includes('/') ? isCidr(place.text) : isIpAddress(place.text);
  return when(!fine, () =>
    error(place, `${shown(place)} is neither an IP address nor a CIDR block such as 10.0.0.0/8`),
  );
}

/** At most 16 names, `name` or `namespace/name`, without a `*`. */
function serviceAccountsProblems(list: FieldPlace): SchemaProblem[] {
  return [
    ...when(list.size > 16, () => error(list, `has ${list.size} entries; allowed are at most 16`)),
    ...list.items.flatMap((place) =>
      when(!/^[^/*]+(\/[^/*]+)?$/.test(place.text) || place.text.length > 320, () =>
        error(place, `${shown(place)} is not a ServiceAccount; write name or namespace/name, without "*"`),
      ),
    ),
  ];
}

function trustDomainProblems(place: FieldPlace): SchemaProblem[] {
  return [
    ...wildcardTextProblems(place),
    ...when(place.text.includes('/'), () => error(place, `${shown(place)} is not a trust domain: it has a "/"`)),
  ];
}

/** A text that may have one `*`, at its start or its end. */
function wildcardTextProblems(place: FieldPlace): SchemaProblem[] {
  return when(place.text === '' || /\*.*\*|[^*]\*[^*]/.test(place.text), () =>
    error(place, `${shown(place)} is not allowed; it must not be empty, and a "*" may only stand at its start or end`),
  );
}

const ports = ['ports', 'notPorts'];
const paths = ['paths', 'notPaths'];
const others = ['methods', 'notMethods', 'hosts', 'notHosts'];
const operationFields = [...ports, ...paths, ...others];

/** Fields that also hold for plain TCP connections. */
export const tcpOperationFields: readonly string[] = ports;

export function operationProblems(to: FieldPlace): SchemaProblem[] {
  const operation = to.at('operation');
  if (!operation.isSet) return [error(operation, 'is required')];
  return [
    ...when(!operationFields.some((field) => operation.at(field).size > 0), () =>
      error(operation, `an operation needs at least one of ${operationFields.join(', ')}`),
    ),
    ...ports.flatMap((field) => operation.at(field).items.flatMap(portTextProblems)),
    ...paths.flatMap((field) =>
      operation.at(field).items.flatMap((path) => [...notEmpty(path), ...templateProblems(path)]),
    ),
    ...others.flatMap((field) => operation.at(field).items.flatMap(notEmpty)),
  ];
}

/** A port, written as text. */
function portTextProblems(place: FieldPlace): SchemaProblem[] {
  return when(!/^\d+$/.test(place.text) || Number(place.text) > 65535, () =>
    error(place, `${shown(place)} is not a port; allowed are 0 to 65535`),
  );
}

/** A path may have the segments {*}, which is one, and {**}, which is any number and comes last of both. */
function templateProblems(path: FieldPlace): SchemaProblem[] {
  const segments = path.text.replace(/^\/+|\/+$/g, '').split('/');
  const rest = segments.indexOf('{**}');
  const templates = segments.filter(isTemplate);
  const late = rest >= 0 && segments.slice(rest + 1).some(isTemplate);
  const bad = segments.find(
    (segment) =>
      !isTemplate(segment) &&
      (/[{}]/.test(segment) || (templates.length > 0 && !/^[-a-zA-Z0-9._~%!$&'()+,;:@=]+$/.test(segment))),
  );
  return [
    ...when(late, () => error(path, `${shown(path)}: no {*} or {**} may follow {**}`)),
    ...when(bad !== undefined, () =>
      error(
        path,
        `${shown(path)}: the segment "${bad ?? ''}" is not allowed; templates are {*} and {**} as whole segments`,
      ),
    ),
  ];
}

function isTemplate(segment: string): boolean {
  return segment === '{*}' || segment === '{**}';
}

type ValueCheck = (list: FieldPlace) => SchemaProblem[];

const each =
  (check: ValueCheck): ValueCheck =>
  (list) =>
    list.items.flatMap(check);

/** Attributes that a condition may ask for, and what their values must be. */
const attributes: Record<string, ValueCheck> = {
  'source.ip': each(addressProblems),
  'remote.ip': each(addressProblems),
  'source.namespace': each(notEmpty),
  'source.serviceAccount': serviceAccountsProblems,
  'source.principal': each(notEmpty),
  'source.trustDomain': each(wildcardTextProblems),
  'request.auth.principal': each(notEmpty),
  'request.auth.audiences': each(notEmpty),
  'request.auth.presenter': each(notEmpty),
  'destination.ip': each(addressProblems),
  'destination.port': each(portTextProblems),
  'connection.sni': each(notEmpty),
};

/** Attributes with a name in brackets. */
const named = ['request.headers', 'request.auth.claims', 'experimental.envoy.filters.'];

/** Attributes of older versions, with their replacements. */
const replaced: Record<string, string> = {
  'destination.namespace': 'the namespace of the policy',
  'destination.labels': 'the selector of the policy',
  'destination.name': 'the selector of the policy',
  'destination.user': 'the selector of the policy',
};

const forCustom = /^(source\.(namespace|serviceAccount|trustDomain|principal)$|request\.auth\.)/;

export function conditionProblems(condition: FieldPlace, custom: boolean): SchemaProblem[] {
  const { key, values, notValues } = {
    key: condition.at('key'),
    values: condition.at('values'),
    notValues: condition.at('notValues'),
  };
  if (key.text === '') return [error(key, 'is required, and must not be empty')];
  const check = checkOf(key.text);
  return [
    ...when(custom && forCustom.test(key.text), () => error(key, `${shown(key)} is not supported for action CUSTOM`)),
    ...when(values.size + notValues.size === 0, () => error(condition, 'needs values or notValues')),
    ...(typeof check === 'string' ? [error(key, `${shown(key)} ${check}`)] : [...check(values), ...check(notValues)]),
  ];
}

/** The check for the values of an attribute, or why there is none. */
function checkOf(key: string): ValueCheck | string {
  if (Object.hasOwn(attributes, key)) return attributes[key] ?? each(notEmpty);
  if (named.some((prefix) => key.startsWith(prefix)))
    return /^[^[]+\[.+\]$/.test(key) ? each(notEmpty) : 'needs a name in brackets, e.g. request.headers[user-agent]';
  const old = Object.keys(replaced).find((name) => key.startsWith(name));
  if (old !== undefined) return `is no longer an attribute; use ${replaced[old] ?? ''} instead`;
  const known = [...Object.keys(attributes), ...named];
  const guess = nearest(key, known);
  return `is not an attribute; ${guess === undefined ? `allowed are ${known.join(', ')}` : `did you mean "${guess}"?`}`;
}
