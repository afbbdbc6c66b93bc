import fc from 'fast-check';
import { crdOf, type JsonSchema } from '../../../policy/schema/crd/schemas';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';

/** Kinds of Istio 1.30 with a served v1, by group. */
export const v1Kinds: readonly [group: string, kind: string][] = [
  ...['DestinationRule', 'Gateway', 'ServiceEntry', 'Sidecar', 'VirtualService', 'WorkloadEntry', 'WorkloadGroup'].map(
    (kind): [string, string] => ['networking.istio.io', kind],
  ),
  ...['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'].map((kind): [string, string] => [
    'security.istio.io',
    kind,
  ]),
  ['telemetry.istio.io', 'Telemetry'],
];

/** Strings that YAML, Pulumi or JavaScript may read as another type. */
const strings = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('reviews', 'v1', 'reviews.shop.svc.cluster.local', '*', 'mesh', 'shop/gate', '/', ''),
  },
  fc.constantFrom(
    '1',
    '010',
    '1.10',
    'true',
    'no',
    'null',
    '~',
    '2020-01-01',
    '1e3',
    '0x1F',
    '1_000',
    '.5',
    '-',
    'y',
    '#',
    ': ',
    '@',
    'a: b',
  ),
  fc.constantFrom(
    'two\nlines\n',
    ' led by a blank',
    'tab\there',
    '{{ x }}',
    "it's",
    '"quoted"',
    'ünïcode 🚦',
    'toString',
    '{ a }',
    '[x]',
  ),
  fc.string({ maxLength: 8 }),
);
const keys = fc.oneof(
  fc.constantFrom('app', 'version', 'istio', '1', '010', 'yes', 'a/b.c', 'constructor'),
  fc.stringMatching(/^[a-z]{1,6}$/),
);

/** Any value of the types and enums of a schema. It may break rules in CEL and formats: an import also keeps what the API server refuses. */
function fromSchema(schema: JsonSchema, depth = 0): fc.Arbitrary<unknown> {
  const { type, properties, items, additionalProperties } = schema;
  const values = schema['enum'] as unknown[] | undefined;
  if (values !== undefined) return fc.constantFrom(...values);
  if (schema['x-kubernetes-int-or-string'] === true) return fc.oneof(fc.nat(100), strings);
  switch (type) {
    case 'string':
      return strings;
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.oneof(fc.constantFrom(0, 1, 100), fc.nat(70_000));
    case 'number':
      return fc.constantFrom(0, 0.5, 100, 1e-7, 1e21);
    case 'array':
      return fc.array(fromSchema(items ?? {}, depth + 1), { maxLength: depth > 3 ? 1 : 3 });
    default:
      if (properties !== undefined) return fields(properties, schema.required ?? [], depth);
      if (typeof additionalProperties === 'object')
        return fc.dictionary(keys, fromSchema(additionalProperties, depth + 1), { maxKeys: 3 });
      return fc.constantFrom({}, { a: 0 }, { list: [false, ''] });
  }
}

/** Some of the fields, and fewer at deeper levels, so that an object stays small. */
function fields(
  properties: Record<string, JsonSchema>,
  required: readonly string[],
  depth: number,
): fc.Arbitrary<object> {
  const names = Object.keys(properties);
  if (names.length === 0) return fc.constant({});
  return fc.subarray(names, { maxLength: Math.max(1, Math.min(names.length, depth > 3 ? 1 : 4)) }).chain((chosen) => {
    const all = [...new Set([...chosen, ...required])];
    return fc.record(Object.fromEntries(all.map((name) => [name, fromSchema(properties[name] ?? {}, depth + 1)])));
  });
}

const name = fc.constantFrom('reviews', 'reviews.v1', 'pay-canary', '1', 'a.b.c', 'istio-gate', 'true', 'reviews-2');
const namespace = fc.constantFrom('shop', 'default', '1', 'istio-system');
const metadata = fc.record(
  {
    name,
    namespace,
    labels: fc.dictionary(keys, strings, { maxKeys: 2 }),
    annotations: fc.dictionary(keys, strings, { maxKeys: 2 }),
    finalizers: fc.constantFrom<string[]>(['a.b/c'], []),
  },
  { requiredKeys: ['name', 'namespace'] },
);

/** An object of one kind, with any of its fields. */
export function generatedObject([group, kind]: readonly [string, string]): fc.Arbitrary<KubernetesObject> {
  const found = crdOf(`${group}/v1`, kind);
  if (found.found !== 'schema') throw new Error(`no schema for ${group}/v1 ${kind}`);
  const spec = fromSchema(found.schema.properties?.['spec'] ?? {}, 0) as fc.Arbitrary<Record<string, unknown>>;
  const versions = group === 'networking.istio.io' ? ['v1', 'v1beta1', 'v1alpha3'] : ['v1'];
  return fc
    .record({ version: fc.constantFrom(...versions), metadata, spec })
    .map(({ version, ...rest }) => ({ apiVersion: `${group}/${version}`, kind, ...rest }));
}

/** Values of a whole object. */
export interface Leaves {
  string: string;
  boolean: boolean;
  number: number;
  /** Items of each list. */
  items: number;
  /** Which of the values of an enum; it starts again after the last one. */
  choice: number;
}

/** An object of a kind with every field that it can have. */
export function wholeObject([group, kind]: readonly [string, string], leaves: Leaves): KubernetesObject {
  const found = crdOf(`${group}/v1`, kind);
  if (found.found !== 'schema') throw new Error(`no schema for ${group}/v1 ${kind}`);
  return {
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name: 'whole', namespace: 'shop' },
    spec: wholeValue(found.schema.properties?.['spec'] ?? {}, leaves) as Record<string, unknown>,
  };
}

function wholeValue(schema: JsonSchema, leaves: Leaves): unknown {
  const { type, properties, items, additionalProperties } = schema;
  const values = schema['enum'] as unknown[] | undefined;
  if (values !== undefined) return values[leaves.choice % values.length];
  if (type === 'array') return Array.from({ length: leaves.items }, () => wholeValue(items ?? {}, leaves));
  if (type === 'boolean') return leaves.boolean;
  if (type === 'integer' || type === 'number' || schema['x-kubernetes-int-or-string'] === true) return leaves.number;
  if (type === 'string') return leaves.string;
  if (properties !== undefined)
    return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, wholeValue(value, leaves)]));
  if (typeof additionalProperties === 'object') return { 'any-key': wholeValue(additionalProperties, leaves) };
  return {};
}

/** Paths of all fields in a value, e.g. `http.[].timeout`; `{}` is a key that a user chooses. */
export function fieldsIn(value: unknown): string[] {
  const paths = new Set<string>();
  const walk = (inner: unknown, path: readonly string[]): void => {
    if (typeof inner !== 'object' || inner === null) return;
    for (const [key, child] of Object.entries(inner)) {
      const at = [...path, Array.isArray(inner) ? '[]' : key === 'any-key' ? '{}' : key];
      paths.add(at.join('.'));
      walk(child, at);
    }
  };
  walk(value, []);
  return [...paths].sort();
}

/** Paths of all fields in the schema of a kind, in the form of {@link fieldsIn}. */
export function fieldsOf([group, kind]: readonly [string, string]): string[] {
  const found = crdOf(`${group}/v1`, kind);
  if (found.found !== 'schema') throw new Error(`no schema for ${group}/v1 ${kind}`);
  const paths: string[] = [];
  const walk = ({ properties = {}, items, additionalProperties }: JsonSchema, path: readonly string[]): void => {
    const inner: [string, JsonSchema][] = [
      ...Object.entries(properties),
      ...(items === undefined ? [] : [['[]', items] as [string, JsonSchema]]),
      ...(typeof additionalProperties === 'object' ? [['{}', additionalProperties] as [string, JsonSchema]] : []),
    ];
    for (const [key, schema] of inner) {
      paths.push([...path, key].join('.'));
      walk(schema, [...path, key]);
    }
  };
  walk(found.schema.properties?.['spec'] ?? {}, []);
  return paths.sort();
}
