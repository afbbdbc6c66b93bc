import { isPlainMap } from '../json';

/** Source of charts. At most one of `repository`, `oci` and `path`. */
export interface ChartSource {
  /** Helm repository URL. Defaults to Istio's own. */
  repository?: string;
  /** OCI registry prefix, e.g. `oci://registry.example/istio/charts`, to which the chart's name is appended. */
  oci?: string;
  /** Local folder that holds one folder per chart. Relative to the project. */
  path?: string;
  /** Single charts by name, each a folder or a `.tgz`; they win over the keys above. Relative to the project. */
  files?: Record<string, string>;
}

/** Values of a Helm chart. */
export type ChartValues = Record<string, unknown>;

/** A Helm release as data, for `helm upgrade --install` and for Pulumi's helm.v3.Release. */
export interface Release {
  /** Fixed name, since the charts derive labels and selectors from it. */
  name: string;
  namespace: string;
  /** Chart name in its repository, or a path, or an OCI reference. */
  chart: string;
  /** Repository URL; left out for a path or an OCI reference. */
  repository?: string;
  /** Chart version; left out for a local chart. */
  version?: string;
  values: ChartValues;
  /** Names of the releases to install before this one. */
  after: string[];
  /** Key in the stack file. */
  origin: string;
}

/** Location of one chart, as Helm names it. */
export function chartLocation(
  chart: string,
  version: string,
  source: ChartSource = {},
  defaultRepository: string,
): Pick<Release, 'chart' | 'repository' | 'version'> {
  const file = source.files?.[chart];
  if (file !== undefined) return { chart: file };
  if (source.path !== undefined) return { chart: `${source.path.replace(/\/+$/, '')}/${chart}` };
  if (source.oci !== undefined) return { chart: `${source.oci.replace(/\/+$/, '')}/${chart}`, version };
  return { chart, repository: source.repository ?? defaultRepository, version };
}

/** Merges values as Helm does: maps key by key; everything else is replaced. */
export function mergeValues(base: ChartValues, over: ChartValues = {}): ChartValues {
  const merged = Object.entries(over).map(([key, value]): [string, unknown] => {
    const below = base[key];
    return [key, isPlainMap(below) && isPlainMap(value) ? mergeValues(below, value) : value];
  });
  return { ...base, ...Object.fromEntries(merged) };
}

/**
 * Drops keys that are undefined, and maps that have only such keys, at any depth: a chart should get only values that
 * someone set. A map that is empty in the input stays.
 */
export function statedValues(values: ChartValues): ChartValues {
  const entries = Object.entries(values).flatMap(([key, value]): [string, unknown][] => {
    if (value === undefined) return [];
    if (!isPlainMap(value) || isEmpty(value)) return [[key, value]];
    const stated = statedValues(value);
    return isEmpty(stated) ? [] : [[key, stated]];
  });
  return Object.fromEntries(entries);
}

function isEmpty(map: ChartValues): boolean {
  return Object.keys(map).length === 0;
}
