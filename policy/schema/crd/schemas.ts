import crds from './istio.generated.json';
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import { keepsRule, oneLine } from './cel';

export interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  type?: string;
  nullable?: boolean;
  required?: string[];
  [keyword: string]: unknown;
}

const kinds: Record<string, Record<string, number>> = crds.kinds;
const schemas = crds.schemas as JsonSchema[];

/** Groups that Istio owns. */
const groups = new Set(Object.keys(kinds).map((kind) => kind.split('/')[0]));

export type CrdLookup =
  | { found: 'schema'; id: string; schema: JsonSchema }
  /** A kind of Istio, in a version that is not served. */
  | { found: 'version'; served: string[] }
  /** A group of Istio without such a kind. */
  | { found: 'group'; kinds: string[] }
  | { found: 'foreign' };

/** The CRD of an object, or why there is none. */
export function crdOf(apiVersion: string, kind: string): CrdLookup {
  const [group = '', version = ''] = apiVersion.split('/');
  if (!groups.has(group)) return { found: 'foreign' };
  const versions = Object.hasOwn(kinds, `${group}/${kind}`) ? kinds[`${group}/${kind}`] : undefined;
  if (versions === undefined) {
    const known = Object.keys(kinds).filter((name) => name.startsWith(`${group}/`));
    return { found: 'group', kinds: known.map((name) => name.slice(group.length + 1)) };
  }
  const index = Object.hasOwn(versions, version) ? versions[version] : undefined;
  const schema = index === undefined ? undefined : schemas[index];
  if (schema === undefined) return { found: 'version', served: Object.keys(versions) };
  return { found: 'schema', id: String(index), schema };
}

interface CelValidation {
  rule: string;
  message: string;
}

const compiled = new Map<string, ValidateFunction>();
let ajv: Ajv | undefined;

/**
 * What the API server reports about an object according to its CRD, with strict field validation. Each schema is
 * compiled once, on first use.
 */
export function crdErrors(id: string, schema: JsonSchema, object: unknown): ErrorObject[] {
  let validate = compiled.get(id);
  if (validate === undefined) {
    ajv ??= compiler();
    validate = ajv.compile(withShared(wholeObject(schema)));
    compiled.set(id, validate);
  }
  validate(hasNulls(object) ? withoutNulls(object) : object);
  const errors = validate.errors ?? [];
  // The API server evaluates CEL only for values that pass the schema.
  const broken = errors.filter(({ keyword }) => keyword !== 'cel').map(({ instancePath }) => `${instancePath}/`);
  return errors.filter(
    ({ keyword, instancePath }) => keyword !== 'cel' || !broken.some((path) => path.startsWith(`${instancePath}/`)),
  );
}

function compiler(): Ajv {
  // A test compiles every schema, so they need no validation at run time.
  const checks = { meta: false, validateSchema: false, strict: false, logger: false } as const;
  // Shared parts become functions, compiled once.
  const made = new Ajv({ ...checks, inlineRefs: false, allErrors: true, verbose: true, code: { optimize: false } });
  made.addFormat('int32', { type: 'number', validate: (value) => value >= -(2 ** 31) && value < 2 ** 31 });
  for (const format of ['double', 'byte', 'date-time']) made.addFormat(format, true);
  made.addKeyword({
    keyword: 'x-kubernetes-validations',
    errors: true,
    validate: Object.assign(checkCel, { errors: [] as Partial<ErrorObject>[] }),
  });
  return made;

  function checkCel(validations: CelValidation[], data: unknown, { type }: { type?: string } = {}): boolean {
    const broken = validations.filter(({ rule }) => !keepsRule(rule, data, type));
    checkCelErrors(broken.map(({ message, rule }) => ({ keyword: 'cel', message, params: { rule: oneLine(rule) } })));
    return broken.length === 0;
  }

  function checkCelErrors(errors: Partial<ErrorObject>[]): void {
    (checkCel as { errors?: Partial<ErrorObject>[] }).errors = errors;
  }
}

/**
 * The schema of the whole object. It accepts any metadata, which Kubernetes itself checks, and any status, which istiod
 * writes.
 */
function wholeObject(schema: JsonSchema): JsonSchema {
  const outside = { apiVersion: {}, kind: {}, metadata: {}, status: {} };
  return strict({ ...schema, properties: { ...outside, ...schema.properties } });
}

/**
 * With a CRD the API server drops unknown fields silently, unless asked to refuse them. kubectl and Pulumi ask for
 * that, so they are refused here.
 */
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

/** For shorter parts a function call costs more than the repetition. */
const worthwhile = 150;

/**
 * A schema with each repeated part only once, under `$defs`. CRDs cannot use references, so a DestinationRule's schema
 * has the traffic policy four times, and takes four times as long to compile. The result validates exactly like the
 * original, with the same paths.
 */
export function withShared(schema: JsonSchema): JsonSchema {
  const texts = new Map<JsonSchema, string>();
  const uses = new Map<string, number>();
  function count(part: JsonSchema): void {
    const text = JSON.stringify(part);
    texts.set(part, text);
    uses.set(text, (uses.get(text) ?? 0) + 1);
    innerSchemas(part).forEach(count);
  }
  count(schema);

  const names = new Map<string, string>();
  const $defs: Record<string, JsonSchema> = {};
  function share(part: JsonSchema): JsonSchema {
    const text = texts.get(part) ?? '';
    if (text.length < worthwhile || (uses.get(text) ?? 0) < 2) return mapInner(part, share);
    let name = names.get(text);
    if (name === undefined) {
      name = `part${names.size}`;
      names.set(text, name);
      $defs[name] = mapInner(part, share);
    }
    return { $ref: `#/$defs/${name}` };
  }
  return { ...mapInner(schema, share), $defs };
}

/** Schemas of fields and items. Schemas inside `oneOf` and similar keywords are conditions, not parts. */
function innerSchemas({ properties = {}, items, additionalProperties }: JsonSchema): JsonSchema[] {
  return [
    ...Object.values(properties),
    ...(items === undefined ? [] : [items]),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
  ];
}

/** A schema with its fields' and items' schemas replaced. */
function mapInner(schema: JsonSchema, change: (inner: JsonSchema) => JsonSchema): JsonSchema {
  const { properties, items, additionalProperties } = schema;
  const inner = { ...schema };
  if (properties !== undefined)
    inner.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, change(property)]),
    );
  if (items !== undefined) inner.items = change(items);
  if (typeof additionalProperties === 'object') inner.additionalProperties = change(additionalProperties);
  return inner;
}
