import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** The part of OpenAPI v3 schemas that Kubernetes allows in CRDs. */
export interface CrdSchema {
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
export interface CrdKind {
  group: string;
  kind: string;
  version: string;
  schema: CrdSchema;
}

/** The newest release whose CRDs are known. Objects are checked against its schemas; fields newer than the installed Istio are found by version. */
export const newestRelease = 'v1.32.0';

const lab = join(__dirname, '..', '..', 'cluster', 'lab');

/**
 * Every served kind of a release of Istio, from the CRDs in the Go module istio.io/api, which the Go toolchain fetches and verifies.
 * @param version - of the module, e.g. `v1.30.3`
 * @throws when there is no Go toolchain, or no such module
 */
export function istioKinds(version: string): { version: string; kinds: CrdKind[] } {
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
