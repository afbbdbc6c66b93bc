import { isPlainMap } from '../json';

/** Where charts come from. At most one of `repository`, `oci` and `path`. */
export interface ChartSource {
  /** Helm repository URL. Defaults to Istio's own. */
  repository?: string;
  /** OCI registry prefix, e.g. `oci://registry.example/istio/charts`; the chart's name is appended. */
  oci?: string;
  /** Local folder that holds one folder per chart. Relative to the project. */
  path?: string;
  /** Single charts by name, each a folder or a `.tgz`, before any of the above. Relative to the project. */
  files?: Record<string, string>;
}

/** Values of a Helm chart: whatever the chart takes. */
export type ChartValues = Record<string, unknown>;

/** A Helm release, as data: what `helm upgrade --install` or Pulumi's helm.v3.Release needs. */
export interface Release {
  /** Release name, fixed: labels and selectors of the charts derive from it. */
  name: string;
  namespace: string;
  /** Chart name in its repository, or a path, or an OCI reference. */
  chart: string;
  /** Repository URL; left out for a path or an OCI reference. */
  repository?: string;
  /** Chart version; left out for a local chart, which has its own. */
  version?: string;
  values: ChartValues;
  /** Names of the releases that must be there first. */
  after: string[];
  /** Key in the stack file. */
  origin: string;
}

/** Where one chart is, in the words of Helm. */
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

/** Helm's merge of values: maps are merged key by key, everything else is replaced by what `over` says. */
export function mergeValues(base: ChartValues, over: ChartValues = {}): ChartValues {
  const merged = Object.entries(over).map(([key, value]): [string, unknown] => {
    const below = base[key];
    return [key, isPlainMap(below) && isPlainMap(value) ? mergeValues(below, value) : value];
  });
  return { ...base, ...Object.fromEntries(merged) };
}

/**
 * `values` without keys that are undefined, and without maps that hold nothing else, at any depth: a chart should see only what was asked for. A map that was empty
 * from the start was asked for.
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
