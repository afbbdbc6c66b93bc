import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { without } from '../support/without';

type Fields = Record<string, unknown>;

/** An Istio object without what Istio reads the same either way: the version of its API, the namespace, and weight 100 of a destination that has no other beside it. */
export function withoutDefaults({ kind, metadata, spec = {} }: KubernetesObject): Fields {
  const http = spec['http'] as Fields[] | undefined;
  return { kind, name: metadata.name, spec: http === undefined ? spec : { ...spec, http: http.map(rule) } };
}

function rule(fields: Fields): Fields {
  const [only, ...others] = (fields['route'] ?? []) as Fields[];
  if (only === undefined || others.length > 0 || only['weight'] !== 100) return fields;
  return { ...fields, route: [without(only, 'weight')] };
}
