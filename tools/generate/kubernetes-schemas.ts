import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes policy/schema/kubernetes.generated.json: the fields of Kubernetes' stable kinds, from the OpenAPI document in the Go module k8s.io/kubernetes that cluster/lab/go.mod pins. */

type Schema = Record<string, unknown>;

interface OpenApi {
  definitions: Record<string, Schema>;
  paths: Record<string, Record<string, unknown>>;
}

interface Kind {
  group: string;
  version: string;
  kind: string;
}

const root = join(__dirname, '..', '..');
const module = JSON.parse(
  execFileSync('go', ['mod', 'download', '-json', 'k8s.io/kubernetes'], {
    cwd: join(root, 'cluster', 'lab'),
    encoding: 'utf8',
  }),
) as { Dir: string; Version: string };
const openApi = JSON.parse(readFileSync(join(module.Dir, 'api', 'openapi-spec', 'swagger.json'), 'utf8')) as OpenApi;
const enums = enumValues(
  readFileSync(join(module.Dir, 'pkg', 'generated', 'openapi', 'zz_generated.openapi.go'), 'utf8'),
);

/**
 * Groups whose objects users write. The others are for requests to the API server, or are written by controllers and
 * nodes.
 */
const groups = [
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apps',
  'autoscaling',
  'batch',
  'discovery.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
];
const withoutSchema = ['Binding', 'Event', 'Node'];

const kinds: Record<string, string> = {};
const clusterScoped: string[] = [];
const used = new Map<string, Schema>();
for (const [name, kind, isNamespaced] of creatableKinds()) {
  if (!isNamespaced) clusterScoped.push(`${kind.group}/${kind.kind}`);
  const isStable = /^v\d+$/.test(kind.version);
  if (!isStable || !groups.includes(kind.group) || withoutSchema.includes(kind.kind)) continue;
  kinds[`${kind.group}/${kind.version}/${kind.kind}`] = shortName(name);
  use(name);
}

const file = join(root, 'policy', 'schema', 'kubernetes.generated.json');
const head = { kubernetes: module.Version, kinds, clusterScoped: [...new Set(clusterScoped)].sort() };
const lines = [...used]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, schema]) => `    ${JSON.stringify(name)}: ${JSON.stringify(schema)}`);
writeFileSync(file, `${JSON.stringify(head, null, 1).slice(0, -2)},\n "definitions": {\n${lines.join(',\n')}\n }\n}\n`);
process.stderr.write(`${file}: ${Object.keys(kinds).length} kinds, ${used.size} definitions of ${module.Version}\n`);

/** Kinds that a client can create, with the name of their definition, and whether they are namespaced. */
function creatableKinds(): [name: string, kind: Kind, isNamespaced: boolean][] {
  return Object.entries(openApi.paths).flatMap(([path, { post }]): [string, Kind, boolean][] => {
    const operation = post as
      | { 'x-kubernetes-group-version-kind'?: Kind; parameters?: { in: string; schema?: { $ref?: string } }[] }
      | undefined;
    const kind = operation?.['x-kubernetes-group-version-kind'];
    const reference = operation?.parameters?.find((parameter) => parameter.in === 'body')?.schema?.$ref;
    // Longer paths are actions on an object, such as an eviction.
    const isDeep = /\{name\}/.test(path.replace('/namespaces/{name}', ''));
    if (kind === undefined || reference === undefined || isDeep) return [];
    return [[definitionName(reference), kind, path.includes('{namespace}')]];
  });
}

function definitionName(reference: string): string {
  return reference.slice('#/definitions/'.length);
}

/** `io.k8s.api.core.v1.ServicePort` is `core.v1.ServicePort`. */
function shortName(name: string): string {
  return name.replace(
    /^io\.k8s\.(?:api\.|apimachinery\.pkg\.|apiextensions-apiserver\.pkg\.|kube-aggregator\.pkg\.)?/,
    '',
  );
}

function use(name: string): void {
  const short = shortName(name);
  if (used.has(short)) return;
  used.set(short, {});
  const definition = openApi.definitions[name] ?? {};
  used.set(short, compact(definition, name));
}

/**
 * The keywords that decide whether a value is accepted. Descriptions, merge strategies and the status, which
 * controllers write, are left out.
 */
function compact(schema: Schema, name?: string): Schema {
  const { $ref, type, format, items, additionalProperties, properties, required } = schema;
  if (typeof $ref === 'string') {
    use(definitionName($ref));
    return { $ref: shortName(definitionName($ref)) };
  }
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const fields = Object.entries((properties ?? {}) as Record<string, Schema>)
    .filter(([field]) => !(field === 'status' && name !== undefined && 'apiVersion' in (properties as object)))
    .map(([field, inner]): [string, Schema] => {
      const values = name === undefined ? undefined : enums.get(`${name}.${field}`);
      return [field, { ...compact(inner), ...(values === undefined ? {} : { enum: values }) }];
    });
  return {
    ...(type === undefined ? {} : { type }),
    ...(format === undefined || format === '' ? {} : { format }),
    ...(items === undefined ? {} : { items: compact(items as Schema) }),
    ...(typeof additionalProperties === 'object' && additionalProperties !== null
      ? { additionalProperties: compact(additionalProperties as Schema) }
      : {}),
    ...(fields.length === 0 || isOpen ? {} : { properties: Object.fromEntries(fields) }),
    ...(required === undefined ? {} : { required }),
  };
}

/** The values of enumerations: the OpenAPI document in the module lacks them, but its Go source has them. */
function enumValues(code: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let definition = '';
  let field = '';
  for (const line of code.split('\n')) {
    definition = /^func schema_(\w+)\(/.exec(line)?.[1] ?? definition;
    field = /^\t{5}"([\w$-]+)": \{$/.exec(line)?.[1] ?? field;
    const values = /^\t{7}Enum: +\[\]interface\{\}\{(.*)\},$/.exec(line)?.[1];
    if (values !== undefined) found.set(`${definition}.${field}`, JSON.parse(`[${values}]`) as string[]);
  }
  const names = new Map(Object.keys(openApi.definitions).map((name) => [goName(name), name]));
  return new Map(
    [...found].flatMap(([place, values]): [string, string[]][] => {
      const dot = place.lastIndexOf('.');
      const name = names.get(place.slice(0, dot));
      return name === undefined ? [] : [[`${name}${place.slice(dot)}`, values]];
    }),
  );
}

/** `io.k8s.api.core.v1.ServicePort` is `k8sio_api_core_v1_ServicePort` in the generated code. */
function goName(name: string): string {
  return name.replace(/^io\.k8s\./, 'k8sio.').replaceAll(/[.-]/g, '_');
}
