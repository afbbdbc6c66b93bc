import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { istioKinds, newestRelease, type CrdSchema } from './istio-crds';

/**
 * Writes policy/schema/field-versions.generated.json: for each kind, the fields, enum values and API versions that were
 * added after the oldest minor release listed here, found by comparing the CRDs of the releases.
 */
// The first release of each minor one that the module proxy serves.
const releases = [
  ...Array.from({ length: 10 }, (_, index) => `v1.${20 + index}.0`),
  'v1.30.3',
  'v1.31.0',
  newestRelease,
];
const minors = releases.map((release) => release.replace(/^v(\d+\.\d+)\..*$/, '$1'));
const since: Record<string, Record<string, string>> = {};
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
const file = join(__dirname, '..', '..', 'policy', 'schema', 'field-versions.generated.json');
writeFileSync(
  file,
  `${JSON.stringify({ oldest: minors[0], newest: minors.at(-1), since: withoutInner(since) }, null, 1)}\n`,
);

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
function withoutInner(all: typeof since): typeof since {
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
