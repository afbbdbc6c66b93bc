import { apiGroup } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { asMap, asText } from '../../model/json';
import { kubectl } from '../kubectl';
import type { KubectlTarget } from '../kubectl';
import { groupKind } from './apply-set';

/** What the API server knows of a kind. */
export interface Kind {
  readonly plural: string;
  readonly group: string;
  readonly namespaced: boolean;
}

/** Kinds by `Kind.group`. */
export type Kinds = ReadonlyMap<string, Kind>;

/** Reads the table that `kubectl api-resources --no-headers` prints: NAME [SHORTNAMES] APIVERSION NAMESPACED KIND. */
export function parseKinds(table: string): Kinds {
  const rows = table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((row) => row.length >= 4);
  return new Map(
    rows.map((row) => {
      const [apiVersion = '', namespaced, kind = ''] = row.slice(-3);
      const entry = { plural: row[0] ?? '', group: apiGroup(apiVersion), namespaced: namespaced === 'true' };
      return [groupKind({ apiVersion, kind }), entry];
    }),
  );
}

/** The kinds that the API server has at this moment. */
export async function servedKinds(target: KubectlTarget): Promise<Kinds> {
  return parseKinds(await kubectl(target, ['api-resources', '--no-headers']));
}

/** The kinds that CustomResourceDefinitions among the objects will add. */
export function definedKinds(objects: readonly KubernetesObject[]): Kinds {
  const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
  return new Map(
    definitions.map(({ spec }) => {
      const names = asMap(spec?.['names']);
      const group = asText(spec?.['group']) ?? '';
      const namespaced = spec?.['scope'] !== 'Cluster';
      return [`${asText(names['kind']) ?? ''}.${group}`, { plural: asText(names['plural']) ?? '', group, namespaced }];
    }),
  );
}
