import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { isMap } from '../../mesh/json';
import { nearest } from '../../mesh/strings';
import generated from './kubernetes.generated.json';
import { fieldProblems } from './kubernetes-fields';
import { labelProblems, metadataProblems } from './kubernetes-metadata';
import { error, FieldPlace, shown, type SchemaProblem } from './place';

/** The part of JSON Schema that Kubernetes' OpenAPI document uses. */
interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: string[];
  items?: Schema;
  additionalProperties?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}

const kinds: Record<string, string> = generated.kinds;
const definitions = generated.definitions as unknown as Record<string, Schema>;
const clusterScoped: ReadonlySet<string> = new Set(generated.clusterScoped);
/** Kinds of common extensions that are cluster-scoped. */
const clusterScopedExtensions: ReadonlySet<string> = new Set([
  'gateway.networking.k8s.io/GatewayClass',
  'cert-manager.io/ClusterIssuer',
]);

/** Whether objects of this kind are cluster-scoped. Kinds that are not known count as namespaced. */
export function isClusterScoped({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): boolean {
  const key = `${apiGroup(apiVersion)}/${kind}`;
  return clusterScoped.has(key) || clusterScopedExtensions.has(key);
}

/** What the API server refuses in an object: metadata of every kind, and all fields of Kubernetes' own stable kinds. */
export function kubernetesProblems(object: KubernetesObject): SchemaProblem[] {
  const root = new FieldPlace(object);
  const [group, version] = [apiGroup(object.apiVersion), object.apiVersion.split('/').at(-1) ?? ''];
  const definition = kinds[`${group}/${version}/${object.kind}`];
  const schema = definition === undefined ? undefined : definitions[definition];
  if (schema === undefined)
    return [
      ...typeProblems(root, group, version),
      ...compare(root.at('metadata'), metadata),
      ...metadataProblems(root),
    ];
  return [...compare(root, schema), ...metadataProblems(root), ...fieldProblems(root)];
}

/** Kinds of the core API besides those of {@link kinds}. */
const otherCoreKinds = ['Binding', 'ComponentStatus', 'Event', 'Node'];

/** What is wrong with the apiVersion and kind of an object that has no schema here. */
function typeProblems(object: FieldPlace, group: string, version: string): SchemaProblem[] {
  const [apiVersion, kind] = [object.at('apiVersion'), object.at('kind')];
  const ofGroup = Object.keys(kinds).filter((key) => key.startsWith(`${group}/`));
  const served = ofGroup.filter((key) => key.endsWith(`/${kind.text}`)).map((key) => key.split('/')[1] ?? '');
  const isCore = group === '';
  if (!/^(?:[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?\/)?[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(apiVersion.text))
    return [error(apiVersion, `${shown(apiVersion)} is not an API version: GROUP/VERSION, such as apps/v1, or v1`)];
  if (isCore && version !== 'v1')
    return [error(apiVersion, `${shown(apiVersion)} has no group; the only API version without one is v1`)];
  const isName = /^[A-Za-z][A-Za-z0-9]{0,62}$/.test(kind.text) && (ofGroup.length === 0 || /^[A-Z]/.test(kind.text));
  if (!isName) return [error(kind, `${shown(kind)} is not a kind: letters and digits, such as Deployment`)];
  if (served.length > 0 && !/^v\d+(?:alpha|beta)\d+$/.test(version))
    return [
      error(apiVersion, `${group || 'v1'} has no version ${version} of ${kind.text}; it has ${served.join(', ')}`),
    ];
  const isCoreKind = otherCoreKinds.includes(kind.text) || kind.text.endsWith('List');
  return isCore && !isCoreKind ? [error(kind, `v1 has no kind ${kind.text}`)] : [];
}

const metadata: Schema = { $ref: 'apis.meta.v1.ObjectMeta' };

/** Compares a value with its schema. Kept simple, since compiling these schemas takes longer than reading a stack's objects. */
function compare(place: FieldPlace, schema: Schema): SchemaProblem[] {
  const { value } = place;
  // The API server drops fields that are null.
  if (value === undefined || value === null) return [];
  if (schema.$ref !== undefined) return compareDefinition(place, schema.$ref, schema.enum);
  const expected = expectedType(value, schema);
  if (expected !== undefined) return [error(place, `must be ${expected}, not ${shown(place)}`)];
  if (schema.enum !== undefined && typeof value === 'string' && value !== '' && !schema.enum.includes(value))
    return [error(place, `${shown(place)} is not allowed; allowed are ${schema.enum.join(', ')}`)];
  if (schema.items !== undefined) return place.items.flatMap((item) => compareItem(item, schema.items ?? {}));
  const { properties, additionalProperties } = schema;
  if (additionalProperties !== undefined)
    return place.entries.flatMap((entry) => compare(entry.place, additionalProperties));
  return properties === undefined ? [] : compareFields(place, properties, schema.required ?? []);
}

function compareItem(item: FieldPlace, schema: Schema): SchemaProblem[] {
  return item.isSet ? compare(item, schema) : [error(item, 'must not be null; remove it from the list')];
}

function compareDefinition(place: FieldPlace, name: string, values: string[] | undefined): SchemaProblem[] {
  if (name === 'api.resource.Quantity') return quantityProblems(place);
  const schema = definitions[name] ?? {};
  const labels = name === 'apis.meta.v1.LabelSelector' ? labelProblems(place.at('matchLabels')) : [];
  return [...labels, ...compare(place, values === undefined ? schema : { ...schema, enum: values })];
}

function compareFields(place: FieldPlace, properties: Record<string, Schema>, required: string[]): SchemaProblem[] {
  const known = Object.keys(properties);
  const fields = place.entries.flatMap((entry): SchemaProblem[] => {
    const schema = Object.hasOwn(properties, entry.key) ? properties[entry.key] : undefined;
    if (schema !== undefined) return compare(entry.place, schema);
    // What controllers write is left out of the schemas.
    return entry.key === 'status' && known.includes('apiVersion') ? [] : [unknownField(entry.place, entry.key, known)];
  });
  const missing = required
    .filter((field) => !place.at(field).isSet)
    .map((field) => error(place, `${field} is missing`));
  return [...fields, ...missing];
}

function unknownField(place: FieldPlace, field: string, known: string[]): SchemaProblem {
  const meant = nearest(field, known);
  const hint = meant === undefined ? `the fields here are ${known.join(', ')}` : `did you mean "${meant}"?`;
  return error(place, `unknown field "${field}"; ${hint}`);
}

/** The type that a value should have, in words; undefined when it has it. */
function expectedType(value: unknown, { type, format }: Schema): string | undefined {
  if (format === 'int-or-string')
    return typeof value === 'string' || Number.isInteger(value) ? undefined : 'a whole number or a string';
  switch (type) {
    case 'string':
      if (typeof value !== 'string') return 'a string (put it in quotes)';
      return format === 'byte' && !isBase64(value) ? 'encoded in base64' : undefined;
    case 'integer':
      return isInteger(value, format) ? undefined : `a whole number${format === 'int32' ? ' of 32 bits' : ''}`;
    case 'number':
      return typeof value === 'number' ? undefined : 'a number';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'array':
      return Array.isArray(value) ? undefined : 'a list';
    case 'object':
      return isMap(value) ? undefined : 'a map';
    default:
      return undefined;
  }
}

function isInteger(value: unknown, format: string | undefined): boolean {
  return Number.isInteger(value) && (format !== 'int32' || Math.abs(value as number) < 2 ** 31);
}

function isBase64(text: string): boolean {
  const packed = text.replaceAll(/[\r\n]/g, '');
  return packed.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(packed);
}

const quantity = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][-+]?\d+)?$/;

function quantityProblems(place: FieldPlace): SchemaProblem[] {
  const { value } = place;
  if (typeof value === 'number' || (typeof value === 'string' && quantity.test(value))) return [];
  return [error(place, `must be a quantity such as 500m, 2 or 64Mi, not ${shown(place)}`)];
}
