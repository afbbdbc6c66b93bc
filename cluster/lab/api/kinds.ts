import { z } from 'zod';
import { apiGroup } from '../../../mesh/manifests/kubernetes';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';

/** What the API server knows of a kind. */
export interface Kind {
  readonly plural: string;
  readonly namespaced: boolean;
  /** In which versions it is served, the preferred one first: `apps/v1`. */
  readonly apiVersions: readonly string[];
}

/** Kinds by `Kind.group`. */
export type Kinds = ReadonlyMap<string, Kind>;

/** `Kind.group`, or `Kind` of the core group. */
export function groupKind({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): string {
  const group = apiGroup(apiVersion);
  return group === '' ? kind : `${kind}.${group}`;
}

/** Media type in which one answer tells of all groups (KEP-3352). */
export const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const resourceSchema = z.object({
  resource: z.string(),
  responseKind: z.object({ kind: z.string() }),
  scope: z.enum(['Namespaced', 'Cluster']),
});
const versionSchema = z.object({ version: z.string(), resources: z.array(resourceSchema).default([]) });
const discoverySchema = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string().default('') }), versions: z.array(versionSchema) })),
});

/** Reads APIGroupDiscoveryLists. */
export function parseKinds(...discoveries: readonly unknown[]): Kinds {
  const kinds = new Map<string, Kind>();
  const groups = discoveries.flatMap((discovery) => discoverySchema.parse(discovery).items);
  for (const { metadata, versions } of groups) {
    for (const { version, resources } of versions) {
      const apiVersion = metadata.name === '' ? version : `${metadata.name}/${version}`;
      for (const { resource, responseKind, scope } of resources) {
        const key = groupKind({ apiVersion, kind: responseKind.kind });
        const known = kinds.get(key) ?? { plural: resource, namespaced: scope === 'Namespaced', apiVersions: [] };
        kinds.set(key, { ...known, apiVersions: [...known.apiVersions, apiVersion] });
      }
    }
  }
  return kinds;
}
