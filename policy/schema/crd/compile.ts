import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import { celKey, celRules } from './cel';
import { mapInner, withShared } from './share';
import type { JsonSchema } from './schemas';

interface CelValidation {
  rule: string;
  message: string;
}

const compiled = new Map<string, ValidateFunction>();
let ajv: Ajv | undefined;

/** What the API server has to say of an object by its CRD, with strict field validation. Schemas are compiled when first asked for, and once. */
export function crdErrors(id: string, schema: JsonSchema, object: unknown): ErrorObject[] {
  let validate = compiled.get(id);
  if (validate === undefined) {
    ajv ??= compiler();
    validate = ajv.compile(withShared(wholeObject(schema)));
    compiled.set(id, validate);
  }
  validate(hasNulls(object) ? withoutNulls(object) : object);
  return validate.errors ?? [];
}

function compiler(): Ajv {
  // The schemas are generated, and a test compiles each: that they are schemas need not be found out in every run.
  const checks = { meta: false, validateSchema: false, strict: false, logger: false } as const;
  // What is shared is compiled once, as a function, and not wherever it stands.
  const made = new Ajv({ ...checks, inlineRefs: false, allErrors: true, verbose: true, code: { optimize: false } });
  made.addFormat('int32', { type: 'number', validate: (value) => Math.abs(value) <= 2 ** 31 });
  for (const format of ['double', 'byte', 'date-time']) made.addFormat(format, true);
  made.addKeyword({
    keyword: 'x-kubernetes-validations',
    errors: true,
    validate: Object.assign(checkCel, { errors: [] as Partial<ErrorObject>[] }),
  });
  return made;

  function checkCel(validations: CelValidation[], data: unknown): boolean {
    const broken = validations.filter(({ rule }) => celRules[celKey(rule)]?.(data) === false);
    checkCelErrors(broken.map(({ message, rule }) => ({ keyword: 'cel', message, params: { rule: celKey(rule) } })));
    return broken.length === 0;
  }

  function checkCelErrors(errors: Partial<ErrorObject>[]): void {
    (checkCel as { errors?: Partial<ErrorObject>[] }).errors = errors;
  }
}

/** The schema of the object as a whole: what Kubernetes itself checks, and istiod's status, pass. */
function wholeObject(schema: JsonSchema): JsonSchema {
  const outside = { apiVersion: {}, kind: {}, metadata: {}, status: {} };
  return strict({ ...schema, properties: { ...outside, ...schema.properties } });
}

/** A CRD drops unknown fields silently; kubectl and Pulumi ask the API server to refuse them, so here they are refused. */
function strict(schema: JsonSchema): JsonSchema {
  const { properties, additionalProperties } = schema;
  const isClosed =
    properties !== undefined &&
    additionalProperties === undefined &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true;
  return { ...mapInner(schema, strict), ...(isClosed ? { additionalProperties: false } : {}) };
}

function hasNulls(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.values(value).some(hasNulls));
}

/** The API server drops fields that are null; a null in a list stays and is refused. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );
}
