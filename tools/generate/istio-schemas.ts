import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** Writes what the policy pack knows about Istio's CRDs: the schemas of the newest release, and which release added a field. */

/** The part of OpenAPI v3 schemas that Kubernetes allows in CRDs. */
interface CrdSchema {
  properties?: Record<string, CrdSchema>;
  items?: CrdSchema;
  additionalProperties?: CrdSchema | boolean;
  [keyword: string]: unknown;
}

interface CustomResourceDefinition {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; served: boolean; schema: { openAPIV3Schema: CrdSchema } }[];
  };
}

/** A kind in one API version, as defined by a release of Istio. */
interface CrdKind {
  group: string;
  kind: string;
  version: string;
  schema: CrdSchema;
}

/** The newest release whose CRDs are known. Objects are checked against its schemas; fields newer than the installed Istio are found by version. */
const newestRelease = 'v1.32.0';

const lab = join(__dirname, '..', '..', 'cluster', 'lab');
const folder = join(__dirname, '..', '..', 'policy', 'schema');

/**
 * Every served kind of a release of Istio, from the CRDs in the Go module istio.io/api, which the Go toolchain fetches and verifies.
 * @param version - of the module, e.g. `v1.30.3`
 * @throws when there is no Go toolchain, or no such module
 */
function istioKinds(version: string): { version: string; kinds: CrdKind[] } {
  const module = `istio.io/api@${version}`;
  const answer = JSON.parse(
    execFileSync('go', ['mod', 'download', '-json', module], { cwd: lab, encoding: 'utf8' }),
  ) as {
    Dir: string;
    Version: string;
  };
  const text = readFileSync(join(answer.Dir, 'kubernetes', 'customresourcedefinitions.gen.yaml'), 'utf8');
  const definitions = parseAllDocuments(text).flatMap((document) => {
    const value = document.toJS() as CustomResourceDefinition | null;
    return value === null ? [] : [value];
  });
  const kinds = definitions.flatMap(({ spec }) =>
    spec.versions
      .filter(({ served }) => served)
      .map(({ name, schema }) => ({
        group: spec.group,
        kind: spec.names.kind,
        version: name,
        schema: schema.openAPIV3Schema,
      })),
  );
  return { version: answer.Version, kinds };
}

/**
 * policy/schema/crd/istio.generated.json: the structural schemas of Istio's kinds, without descriptions, each schema
 * once.
 */
function writeSchemas(): void {
  const { version, kinds } = istioKinds(newestRelease);
  const schemas: string[] = [];
  const index: Record<string, Record<string, number>> = {};
  for (const { group, kind, version: apiVersion, schema } of kinds) {
    const text = JSON.stringify(withoutProse(schema));
    if (!schemas.includes(text)) schemas.push(text);
    (index[`${group}/${kind}`] ??= {})[apiVersion] = schemas.indexOf(text);
  }
  const file = join(folder, 'crd', 'istio.generated.json');
  const body = schemas.map((text) => `    ${text}`).join(',\n');
  writeFileSync(
    file,
    `{\n  "istio": ${JSON.stringify(version)},\n  "kinds": ${JSON.stringify(index)},\n  "schemas": [\n${body}\n  ]\n}\n`,
  );
  process.stderr.write(`${file}: ${kinds.length} kinds and versions, ${schemas.length} schemas of Istio ${version}\n`);
}

/**
 * Drops `description`, unless it is the name of a property, `status`, which only istiod writes, and `metadata`, which
 * Kubernetes itself checks.
 */
function withoutProse(schema: CrdSchema): CrdSchema {
  return trimmed({ ...schema, properties: { spec: schema.properties?.['spec'] ?? {} } }) as CrdSchema;
}

function trimmed(value: unknown, names = false): unknown {
  if (Array.isArray(value)) return value.map((item) => trimmed(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => names || key !== 'description')
      .map(([key, inner]) => [key, trimmed(inner, key === 'properties' && !names)]),
  );
}

// The first release of each minor one that the module proxy serves.
const releases = [
  ...Array.from({ length: 10 }, (_, index) => `v1.${20 + index}.0`),
  'v1.30.3',
  'v1.31.0',
  newestRelease,
];
const minors = releases.map((release) => release.replace(/^v(\d+\.\d+)\..*$/, '$1'));

/** Features by kind, each with the minor release that added it. */
type Since = Record<string, Record<string, string>>;

/**
 * policy/schema/field-versions.generated.json: for each kind, the fields, enum values and API versions that were added
 * after the oldest of the releases, found by comparing their CRDs.
 */
function writeFieldVersions(): void {
  const since: Since = {};
  const seen: Record<string, Set<string>> = {};
  for (const [index, minor] of minors.entries()) {
    process.stderr.write(`Istio ${minor}\n`);
    for (const { group, kind, version, schema } of istioKinds(releases[index] ?? newestRelease).kinds) {
      const name = `${group}/${kind}`;
      const known = (seen[name] ??= new Set());
      const features = [`apiVersion=${version}`, ...featuresOf(schema.properties?.['spec'] ?? {}, 'spec')];
      for (const feature of features) {
        if (!known.has(feature) && minor !== minors[0]) (since[name] ??= {})[feature] ??= minor;
      }
      for (const feature of features) known.add(feature);
    }
  }
  writeFileSync(
    join(folder, 'field-versions.generated.json'),
    `${JSON.stringify({ oldest: minors[0], newest: minors.at(-1), since: withoutInner(since) }, null, 1)}\n`,
  );
}

/** Paths of all fields, with `[]` for the items of a list and `{}` for the values of a map, and `path=value` for each value of an enum. */
function featuresOf(schema: CrdSchema, path: string): string[] {
  const values = Array.isArray(schema['enum'])
    ? (schema['enum'] as unknown[]).map((value) => `${path}=${String(value)}`)
    : [];
  const map =
    typeof schema.additionalProperties === 'object' ? featuresOf(schema.additionalProperties, `${path}{}`) : [];
  return [
    path,
    ...values,
    ...map,
    ...(schema.items === undefined ? [] : featuresOf(schema.items, `${path}[]`)),
    ...Object.entries(schema.properties ?? {}).flatMap(([field, inner]) => featuresOf(inner, `${path}.${field}`)),
  ];
}

/** Omits entries below a field that the same release added. */
function withoutInner(all: Since): Since {
  return Object.fromEntries(
    Object.entries(all).map(([kind, features]) => [
      kind,
      Object.fromEntries(Object.entries(features).filter(([feature, minor]) => !hasOuter(feature, minor, features))),
    ]),
  );
}

function hasOuter(feature: string, minor: string, features: Record<string, string>): boolean {
  return Object.entries(features).some(
    ([other, otherMinor]) =>
      other !== feature &&
      otherMinor === minor &&
      feature.startsWith(other) &&
      /^[.[{=]/.test(feature.slice(other.length)),
  );
}

writeSchemas();
writeFieldVersions();
