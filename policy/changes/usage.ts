import type { MeshModel } from '../../mesh/model/mesh-model';
import { hostRules } from '../model/host-rules';
import { writtenRoutes } from '../model/routes';

/**
 * Annotation of a DestinationRule with the subsets that routes send requests to, separated by commas. It tells a
 * resource hook, which sees one object at a time, which subsets are in use.
 */
const usedSubsetsAnnotation = 'policy.meshwright.io/used-subsets';

/** A subset of a host that gets requests (or copies of them), and what sends them. */
export interface Usage {
  host: string;
  subset: string | undefined;
  by: string;
}

/** Everything that routes send requests to, by host and subset, each once. */
export function usages(model: MeshModel): Usage[] {
  const found = new Map<string, Usage>();
  const note = (usage: Usage): void => {
    const key = usageKey(usage.host, usage.subset);
    if (!found.has(key)) found.set(key, usage);
  };
  for (const { source, destinations } of writtenRoutes(model)) {
    const by = `VirtualService ${source.namespace}/${source.name}`;
    for (const { host, subset, live, writtenHost } of destinations) {
      if (live && writtenHost !== '') note({ host, subset, by });
    }
  }
  for (const { source, host } of hostRules(model).all) {
    const names = (source.annotations[usedSubsetsAnnotation] ?? '').split(',').map((name) => name.trim());
    for (const subset of names.filter((name) => name !== '')) note({ host, subset, by: 'a route' });
  }
  return [...found.values()];
}

function usageKey(host: string, subset: string | undefined): string {
  return JSON.stringify([host, subset]);
}
