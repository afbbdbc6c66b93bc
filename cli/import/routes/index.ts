import { compareStrings, pushTo } from '../../../mesh/collections';
import { asList, asMap, asString } from '../../../mesh/json';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { RouteSettings } from '../../../mesh/manifests/settings';
import { route as routeSchema } from '../../../config/schema/routes';
import { resolveHost } from '../../../mesh/model/hosts';
import {
  answersItself,
  asKey,
  destinationsOf,
  type Draft,
  isDestinationRule,
  isVirtualService,
  joined,
  keyChoice,
  type KeyChoice,
} from './pairs';
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
 * Converts VirtualServices and DestinationRules to routes, one for each service, also where they spell its host differently. Each route makes exactly its objects; objects that
 * no route can make are verbatim. The order of the objects does not matter.
 * @param taken - keys that a namespace already uses
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
  while (withRulesOfVerbatim(result, domain));
  result.routes.sort((a, b) => compareStrings(a.namespace, b.namespace) || compareStrings(a.key, b.key));
  return result;
}

/** Adds a route for a draft. If one route cannot make all objects of the draft, each object gets its own route, or is verbatim. */
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

/**
 * Pulumi creates `objects` before routes, so the DestinationRules of a verbatim VirtualService are verbatim too.
 * @returns whether anything changed
 */
function withRulesOfVerbatim({ routes, verbatim }: FramedRoutes, domain: string): boolean {
  const needed = new Set(
    verbatim
      .filter(({ object }) => isVirtualService(object))
      .flatMap(({ object }) =>
        destinationsOf(object)
          .flat()
          .filter(({ destination }) => destination.subset !== undefined)
          .map(({ destination }) => hostIn(object, destination.host, domain)),
      ),
  );
  const isNeeded = (object: KubernetesObject): boolean =>
    isDestinationRule(object) && needed.has(hostIn(object, asString(object.spec?.['host']) ?? '', domain));
  const affected = routes.filter(({ objects }) => objects.some(isNeeded));
  for (const { namespace, key, objects } of affected) {
    const index = routes.findIndex((route) => route.namespace === namespace && route.key === key);
    routes.splice(index, 1);
    for (const object of objects) {
      if (!isVirtualService(object)) {
        verbatim.push({ object, why: 'a verbatim VirtualService names its subsets' });
        continue;
      }
      const own = exactSettings(namespace, key, object, []);
      if (own === undefined) verbatim.push({ object, why: whyVerbatim(object) });
      else routes.push({ namespace, key, settings: own, objects: [object] });
    }
  }
  return affected.length > 0;
}

function hostIn({ metadata: { namespace = 'default' } }: KubernetesObject, host: string, domain: string): string {
  return resolveHost(host, namespace, domain);
}

const routeFields = ['exportTo', 'gateways', 'hosts', 'http', 'tcp', 'tls'];
const ruleFields = ['exportTo', 'host', 'subsets', 'trafficPolicy', 'workloadSelector'];
const httpFields = Object.keys(routeSchema.shape.http.unwrap().element.shape);

/** Why no route can make an object. */
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
  return isRule ? '`versions` cannot make its subsets' : 'routes cannot make its rules';
}
