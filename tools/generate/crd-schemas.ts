import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { istioKinds, newestRelease, type CrdSchema } from './istio-crds';

/**
 * Writes policy/schema/crd/istio.generated.json: the structural schemas of Istio's kinds, without descriptions, each
 * schema once.
 */
const { version, kinds } = istioKinds(newestRelease);
const schemas: string[] = [];
const index: Record<string, Record<string, number>> = {};
for (const { group, kind, version: apiVersion, schema } of kinds) {
  const text = JSON.stringify(withoutProse(schema));
  if (!schemas.includes(text)) schemas.push(text);
  (index[`${group}/${kind}`] ??= {})[apiVersion] = schemas.indexOf(text);
}
const file = join(__dirname, '..', '..', 'policy', 'schema', 'crd', 'istio.generated.json');
const body = schemas.map((text) => `    ${text}`).join(',\n');
writeFileSync(
  file,
  `{\n  "istio": ${JSON.stringify(version)},\n  "kinds": ${JSON.stringify(index)},\n  "schemas": [\n${body}\n  ]\n}\n`,
);
process.stderr.write(`${file}: ${kinds.length} kinds and versions, ${schemas.length} schemas of Istio ${version}\n`);

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
