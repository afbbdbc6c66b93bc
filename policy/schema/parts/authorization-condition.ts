import { nearest } from '../../nearest';
import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';
import { portTextProblems } from './authorization-operation';
import { addressProblems, notEmpty, serviceAccountsProblems, wildcardTextProblems } from './authorization-source';

type ValueCheck = (list: Place) => SchemaProblem[];

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

/** Attributes that older versions had, and what stands in their place. */
const replaced: Record<string, string> = {
  'destination.namespace': 'the namespace of the policy',
  'destination.labels': 'the selector of the policy',
  'destination.name': 'the selector of the policy',
  'destination.user': 'the selector of the policy',
};

const forCustom = /^(source\.(namespace|serviceAccount|trustDomain|principal)$|request\.auth\.)/;

export function conditionProblems(condition: Place, custom: boolean): SchemaProblem[] {
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
  if (old !== undefined) return `is no attribute any more; in its place stands ${replaced[old] ?? ''}`;
  const known = [...Object.keys(attributes), ...named];
  const guess = nearest(key, known);
  return `is no attribute; ${guess === undefined ? `allowed are ${known.join(', ')}` : `did you mean "${guess}"?`}`;
}
