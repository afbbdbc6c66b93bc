import { compareStrings, pushTo } from '../../../mesh/collections';
import { asList, asMap } from '../../../mesh/json';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { RouteSettings } from '../../../mesh/manifests/settings';
import { route as routeSchema } from '../../../config/schema/routes';
import { answersItself } from './destinations';
import { asKey, joined, keyChoice, type Draft, type KeyChoice } from './pairs';
import { exactSettings } from './settings';

/** The route of one service in the stack file, and the objects that it makes. */
export interface FramedRoute {
  namespace: string;
  /** Key of the service. */
  key: string;
  settings: RouteSettings;
  objects: KubernetesObject[];
}

export interface FramedRoutes {
  routes: FramedRoute[];
  /** Objects that no route can make, and why. */
  verbatim: { object: KubernetesObject; why: string }[];
}

/**
 * VirtualServices and DestinationRules as routes: those of one service joined, however its host is spelled. Every route makes exactly the objects that it is for; what
 * no route can make is verbatim. The order of the objects makes no difference.
 * @param taken - keys that a namespace has already
 */
export function framedRoutes(
  objects: readonly KubernetesObject[],
  domain: string,
  taken: (namespace: string) => readonly string[] = () => [],
): FramedRoutes {
  const byNamespace = new Map<string, KubernetesObject[]>();
  for (const object of objects) pushTo(byNamespace, object.metadata.namespace ?? '', object);
  const result: FramedRoutes = { routes: [], verbatim: [] };
  for (const [namespace, all] of [...byNamespace].sort(([a], [b]) => compareStrings(a, b))) {
    const sorted = [...all].sort((a, b) => compareStrings(a.metadata.name, b.metadata.name));
    const keyOf = keyChoice(taken(namespace));
    for (const draft of joined(namespace, sorted, domain, keyOf)) addFramed(result, namespace, draft, keyOf);
  }
  result.routes.sort((a, b) => compareStrings(a.namespace, b.namespace) || compareStrings(a.key, b.key));
  return result;
}

/** A draft as a route. Where one route cannot make all of its objects, each gets its own; what no route makes exactly is verbatim. */
function addFramed(result: FramedRoutes, namespace: string, { key, routing, rules }: Draft, keyOf: KeyChoice): void {
  const settings = exactSettings(namespace, key, routing, rules);
  const objects = [...rules, ...(routing === undefined ? [] : [routing])];
  if (settings !== undefined) {
    result.routes.push({ namespace, key, settings, objects });
    return;
  }
  const [first, ...more] = objects;
  if (first !== undefined && more.length === 0) {
    result.verbatim.push({ object: first, why: whyVerbatim(first) });
    return;
  }
  if (routing !== undefined) addFramed(result, namespace, { key, routing, rules: [] }, keyOf);
  for (const rule of rules)
    addFramed(result, namespace, { key: keyOf([asKey(rule.metadata.name)]), rules: [rule] }, keyOf);
}

const routeFields = ['exportTo', 'gateways', 'hosts', 'http', 'tcp', 'tls'];
const ruleFields = ['exportTo', 'host', 'subsets', 'trafficPolicy', 'workloadSelector'];
const httpFields = Object.keys(routeSchema.shape.http.unwrap().element.shape);

/** What of an object has no place in a route. */
function whyVerbatim({ kind, metadata, spec = {} }: KubernetesObject): string {
  const isRule = kind === 'DestinationRule';
  const fields = isRule ? ruleFields : routeFields;
  const strange = Object.keys(spec).find((field) => !fields.includes(field));
  if (strange !== undefined) return `routes have no field spec.${strange}`;
  if (Object.keys(metadata).some((key) => !['name', 'namespace', 'labels', 'annotations'].includes(key)))
    return 'routes have no finalizers';
  for (const [index, rule] of asList(spec['http']).map(asMap).entries()) {
    const unknown = Object.keys(rule).find((field) => !httpFields.includes(field));
    if (unknown !== undefined) return `routes have no field spec.http[${index}].${unknown}`;
    if (!answersItself(rule)) return `spec.http[${index}] has no destination`;
  }
  return isRule ? 'its subsets have a form that versions cannot have' : 'its rules have a form that routes cannot have';
}
