import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { without } from '../../support/without';

type Fields = Record<string, unknown>;

/**
 * An Istio object without differences that Istio ignores: the API version, the namespace, weight 100 of a single
 * destination, and the order of weighted destinations.
 */
export function withoutDefaults({ kind, metadata, spec = {} }: KubernetesObject): Fields {
  const http = spec['http'] as Fields[] | undefined;
  return { kind, name: metadata.name, spec: http === undefined ? spec : { ...spec, http: http.map(rule) } };
}

function rule(fields: Fields): Fields {
  const route = (fields['route'] ?? []) as Fields[];
  const [only] = route;
  if (only === undefined) return fields;
  if (route.length > 1) return { ...fields, route: route.toSorted((a, b) => subset(a).localeCompare(subset(b))) };
  return only['weight'] === 100 ? { ...fields, route: [without(only, 'weight')] } : fields;
}

function subset({ destination }: Fields): string {
  return (destination as { subset?: string }).subset ?? '';
}
