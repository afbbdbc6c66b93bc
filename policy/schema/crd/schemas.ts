import crds from './istio.generated.json';

/** Version of the Go module istio.io/api that the schemas were generated from. */
export const schemaVersion: string = crds.istio;

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
