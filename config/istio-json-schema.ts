import crds from '../policy/schema/crd/istio.generated.json';
import type { JsonSchema } from './json-schema';

export interface IstioKind {
  name: string;
  apiVersions: string[];
  schema: JsonSchema;
}

const schemas = crds.schemas as JsonSchema[];

/** Kinds of Istio's that a stack file may hold. */
export const istioKinds: IstioKind[] = Object.entries(crds.kinds as Record<string, Record<string, number>>).map(
  ([groupKind, versions]) => {
    const [group = '', name = ''] = groupKind.split('/');
    const [index = -1] = Object.values(versions);
    return {
      name,
      apiVersions: Object.keys(versions).map((version) => `${group}/${version}`),
      schema: schemas[index] ?? {},
    };
  },
);

/** The CRD's schema of a kind, in the words of JSON Schema. */
export function crdSchema({ schema }: IstioKind): JsonSchema {
  const { spec } = schema['properties'] as Record<string, JsonSchema>;
  return { type: 'object', properties: { spec: spec === undefined ? {} : strict(spec) } };
}

/** As the API server checks it when asked to be strict: unknown fields are refused. Kubernetes' own keywords and formats are left out. */
function strict(schema: JsonSchema): JsonSchema {
  const entries = Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
    if (keyword.startsWith('x-kubernetes-') || keyword === 'format' || keyword === 'nullable') return [];
    if (keyword === 'properties') return [[keyword, mapped(value as Record<string, JsonSchema>)]];
    const inner = keyword === 'items' || keyword === 'additionalProperties';
    return [[keyword, inner && typeof value === 'object' ? strict(value as JsonSchema) : value]];
  });
  const closed =
    'properties' in schema &&
    !('additionalProperties' in schema) &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true;
  return { ...Object.fromEntries(entries), ...(closed ? { additionalProperties: false } : {}) };
}

function mapped(properties: Record<string, JsonSchema>): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, strict(schema)]));
}
