import type { ErrorObject } from 'ajv';
import { nearest } from '../../../mesh/strings';
import { FieldPlace, error, shown, type SchemaProblem } from '../place';
import { noDuration } from '../parts/values';
import { durationRule } from './cel';
import type { JsonSchema } from './schemas';

/** The beginning of the message about an unknown field. */
export const unknownField = 'there is no field';

/** A JSON-schema validator's errors in clear words: place, value, what is allowed, the nearest field for an unknown one. One problem per mistake. */
export function translated(errors: readonly ErrorObject[], object: unknown): SchemaProblem[] {
  return errors.filter(isAboutTheValue).map((failure) => {
    const place = placeOf(object, failure.instancePath);
    return problem(failure, place);
  });
}

/** The branches of a oneOf or anyOf fail by design; the keyword itself says what is wrong. */
function isAboutTheValue({ schemaPath }: ErrorObject): boolean {
  return !/\/(oneOf|anyOf|not)\//.test(schemaPath);
}

function placeOf(object: unknown, pointer: string): FieldPlace {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce<FieldPlace>(
    (place, key) => place.at(Array.isArray(place.value) ? Number(key) : key),
    new FieldPlace(object),
  );
}

function problem(failure: ErrorObject, place: FieldPlace): SchemaProblem {
  const { keyword, message = '', parentSchema } = failure;
  const params = failure.params as Record<string, unknown>;
  const limit = String(params['limit']);
  switch (keyword) {
    case 'additionalProperties':
      return unknownFieldProblem(place, String(params['additionalProperty']), parentSchema as JsonSchema);
    case 'required':
      return error(place.at(String(params['missingProperty'])), 'is required');
    case 'type':
      return error(place, wrongType(place, String(params['type'])));
    case 'enum':
      return error(
        place,
        `${shown(place)} is not known; allowed are ${(params['allowedValues'] as unknown[]).join(', ')}`,
      );
    case 'minimum':
      return error(place, `${shown(place)} is too small; allowed are numbers from ${limit}`);
    case 'maximum':
      return error(place, `${shown(place)} is too large; allowed are numbers up to ${limit}`);
    case 'minLength':
      return error(place, 'must not be empty');
    case 'maxLength':
      return error(place, `is too long; allowed are ${limit} characters`);
    case 'minItems':
    case 'minProperties':
      return error(place, `has too few entries; at least ${limit} must be given`);
    case 'maxItems':
    case 'maxProperties':
      return error(place, `has ${place.size} entries; allowed are at most ${limit}`);
    case 'pattern':
      return error(place, `${shown(place)} is malformed; it must match ${String(params['pattern'])}`);
    case 'oneOf':
    case 'anyOf':
    case 'not':
      return alternatives(place, failure.schema);
    case 'cel':
      return error(
        place,
        params['rule'] === durationRule ? noDuration(place) : `${shown(place)} is refused: ${message}`,
      );
    default:
      return error(place, `${shown(place)} is refused: ${message}`);
  }
}

function unknownFieldProblem(place: FieldPlace, field: string, { properties = {} }: JsonSchema): SchemaProblem {
  const known = Object.keys(properties);
  const guess = nearest(field, known);
  const hint = guess === undefined ? `known are ${known.join(', ')}` : `did you mean "${guess}"?`;
  return error(place.at(field), `${unknownField} "${field}" here; ${hint}`);
}

/** `oneOf` in a CRD says which fields exclude each other: all branches name fields that they require. */
function alternatives(place: FieldPlace, schema: unknown): SchemaProblem {
  const fields = [...new Set(requiredFields(schema))];
  if (fields.length === 0)
    return error(place, `${shown(place)} is ${typeName(place.value)}; allowed are a whole number or a string`);
  const present = fields.filter((field) => place.at(field).isSet);
  return present.length > 1
    ? error(place, `only one of ${fields.join(', ')} can be set, here ${present.join(' and ')} are`)
    : error(place, `one of ${fields.join(', ')} must be set`);
}

function requiredFields(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(requiredFields);
  if (typeof schema !== 'object' || schema === null) return [];
  const { required, anyOf, oneOf, not } = schema as Record<string, unknown>;
  const own = Array.isArray(required) ? required.filter((field): field is string => typeof field === 'string') : [];
  return [...own, ...[anyOf, oneOf, not].flatMap(requiredFields)];
}

const typeWords: Record<string, string> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  object: 'a map',
  string: 'a string',
};

function wrongType(place: FieldPlace, type: string): string {
  const is = place.value === null ? 'null is not allowed' : `${shown(place)} is ${typeName(place.value)}`;
  return `${is}; allowed is ${typeWords[type] ?? type}`;
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return (
    { object: 'a map', string: 'a string', number: 'a number', boolean: 'a boolean' }[typeof value as string] ??
    'nothing'
  );
}

/**
 * Values that the CRD refuses and istiod would accept. Such an object never reaches istiod; the rule crd-only reports
 * it.
 */
const places: { kind: string; path: RegExp; advice: string }[] = [
  {
    kind: 'Gateway',
    path: /^spec\.servers\[\d+\]\.port\.number$/,
    advice: 'the CRD also requires the port of a socket: number: 0',
  },
  {
    kind: 'Gateway',
    path: /^spec\.servers\[\d+\]\.tls\.tlsCertificates$/,
    advice: 'the CRD accepts as many as Envoy: one RSA and one ECDSA certificate',
  },
  { kind: 'DestinationRule', path: /\.minimumRingSize$/, advice: 'the CRD requires a number, without quotes' },
  {
    kind: 'ServiceEntry',
    path: /^spec\.addresses\[\d+\]$/,
    advice: 'put an IPv6 address that ends in "::" in quotes, or YAML reads it as a map',
  },
];

/** The advice for a CRD's error that istiod would not raise, or undefined for any other. */
export function crdOnlyAdvice(kind: string, { path }: SchemaProblem): string | undefined {
  return places.find((place) => place.kind === kind && place.path.test(path))?.advice;
}
