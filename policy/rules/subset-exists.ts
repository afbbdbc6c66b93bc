import type { MeshModel } from '../../mesh/model/mesh-model';
import { clientNamespaces, effectiveRule } from '../model/clients';
import { type HostRule, hostRules } from '../model/host-rules';
import { isDescribed, servicePlace } from '../../mesh/model/externals';
import { type RouteDestination, type WrittenRoute, writtenRoutes } from '../model/routes';
import { type CheckOptions, examples, type Rule, type Violation } from '../rule';

/**
 * Judged by the DestinationRules in effect where the requests come from: those of the client's namespace, else those exported by the Service's, else by the root
 * namespace. Says nothing when no DestinationRule for the host is among the objects and they do not describe the Service's namespace either.
 */
export const subsetExists: Rule = {
  id: 'subset-exists',
  level: 'mandatory',
  title: 'every subset that a route names is defined by the DestinationRule in effect for its host',
  istio: ['IST0101'],
  kiali: ['KIA1107'],
  single: false,
  docs: {
    why: 'A proxy has no cluster for a subset that no DestinationRule defines, and answers 503 to each request that the route sends there.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: bookinfo }
spec:
  host: reviews
  subsets: [{ name: v1, labels: { version: v1 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews, subset: v2 } }] }]
`,
      [
        '{ name: v1, labels: { version: v1 } }',
        '{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }',
      ],
    ),
    fix: 'Define the subset in a DestinationRule for the host, in the namespace of the Service and exported to its clients, or name a subset that is defined.',
  },
  check: (model, options) =>
    writtenRoutes(model).flatMap((route) => {
      const seen = { ...route, views: clientNamespaces(model, options, route) };
      return route.destinations.flatMap((destination) => violations(model, options, seen, destination));
    }),
};

/** A route, and the clients whose proxies use it: see {@link clientNamespaces}. */
interface SeenRoute extends WrittenRoute {
  views: readonly (readonly string[])[];
}

function violations(
  model: MeshModel,
  options: CheckOptions,
  route: SeenRoute,
  { host, writtenHost, subset, destinationPath }: RouteDestination,
): Violation[] {
  if (subset === undefined || writtenHost === '') return [];
  const defining = hostRules(model)
    .around(host)
    .filter((rule) => rule.subsets.some(({ name }) => name === subset));
  const fault = missingFrom(model, options, route, host, subset, defining);
  if (fault === undefined) return [];
  const message = `subset "${subset}" of host ${host} does not exist${fault}, so requests for it fail with 503`;
  return [
    { object: route.source.object, path: `${destinationPath}.subset`, message: `${message}. ${remedy(defining)}` },
  ];
}

/** Which clients lack the subset, for the message; undefined when none do, or the input does not tell. */
function missingFrom(
  model: MeshModel,
  options: CheckOptions,
  { views }: SeenRoute,
  host: string,
  subset: string,
  defining: readonly HostRule[],
): string | undefined {
  const failing = views.find((view) => !view.some((client) => subsetsFor(model, host, client).includes(subset)));
  if (failing === undefined) return undefined;
  if (defining.length > 0)
    return ` for clients in namespace ${failing.join(' or ')}${rulesInstead(model, host, failing)}`;
  const defined = [...new Set(failing.flatMap((client) => subsetsFor(model, host, client)))].sort();
  if (defined.length > 0) return ` (defined: ${defined.join(', ')})`;
  return isJudgeable(model, options, host, failing)
    ? ' (no DestinationRule in effect defines subsets for it)'
    : undefined;
}

/** The rules that such clients use instead of those that define the subset. */
function rulesInstead(model: MeshModel, host: string, clients: readonly string[]): string {
  const rules = clients.flatMap((client) => effectiveRule(model, host, client)?.from ?? []);
  const names = [...new Set(rules.map(({ namespace, name }) => `${namespace}/${name}`))].sort();
  return names.length === 0 ? '' : `, which use DestinationRule ${names.join(' and ')}`;
}

function subsetsFor(model: MeshModel, host: string, client: string): string[] {
  return effectiveRule(model, host, client)?.subsets.map(({ name }) => name) ?? [];
}

/**
 * If the input has no rule for the host, another stack may have it, unless the input describes the Service's namespace.
 */
function isJudgeable(model: MeshModel, options: CheckOptions, host: string, clients: readonly string[]): boolean {
  if (clients.some((client) => effectiveRule(model, host, client) !== undefined)) return true;
  const place = servicePlace(host, model.config.domain);
  if (place === undefined) return options.complete === true || model.services.withHost(host).length > 0;
  return isDescribed(model, place.namespace) || hostRules(model).namespaces.has(place.namespace);
}

function remedy(defining: readonly HostRule[]): string {
  if (defining.length === 0) return 'Define it in a DestinationRule for the host, or name a subset that is defined';
  const rules = defining.map(({ source }) => `DestinationRule ${source.namespace}/${source.name}`).sort();
  return `${rules.join(' and ')} defines it but is not in effect there: a DestinationRule applies if it is in the namespace of the client, or else is exported from the namespace of the Service or the root namespace. Move it, export it, or define the subset in a rule that applies`;
}
