import { asList, asMap, asName, asNumber, asString, indexedMaps, type JsonMap, valueAt } from '../../mesh/json';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { memoizeByIdentity } from '../../mesh/model/memoize';
import type { MeshModel, MeshObject, MeshVirtualService, SourcedRoute } from '../../mesh/model/mesh-model';
import { hostRules } from './host-rules';

export type RouteProtocol = 'http' | 'tls' | 'tcp';
const protocols: readonly RouteProtocol[] = ['http', 'tls', 'tcp'];

/** A rule as it is written in a VirtualService or a delegate. */
export interface WrittenRoute {
  virtualService: MeshVirtualService;
  source: MeshObject;
  protocol: RouteProtocol;
  /** E.g. `spec.http[0]`. */
  path: string;
  rule: JsonMap;
  /** Destinations of requests, then destinations of mirrored requests. */
  destinations: RouteDestination[];
}

/** A destination of requests or of mirrored requests. */
export interface RouteDestination {
  /** E.g. `spec.http[0].route[1]`, `spec.http[0].mirror`. */
  path: string;
  /** Path of the Destination itself, e.g. `spec.http[0].route[1].destination`. */
  destinationPath: string;
  mirror: boolean;
  /** As written. */
  writtenHost: string;
  /** As istiod resolves it. */
  host: string;
  subset: string | undefined;
  port: number | undefined;
  /** As written. */
  weight: number | undefined;
  /** Whether it gets requests: false for weight 0 beside other destinations, and for a mirror of 0 percent. */
  live: boolean;
}

/** Every rule of every VirtualService, once, at the place where it is written. */
export const writtenRoutes = memoizeByIdentity((model: MeshModel): readonly WrittenRoute[] =>
  model.virtualServices.all.flatMap((virtualService) =>
    protocols.flatMap((protocol) =>
      virtualService[protocol].flatMap((route) =>
        route.source === virtualService.source ? [writtenRoute(model, virtualService, protocol, route)] : [],
      ),
    ),
  ),
);

function writtenRoute(
  model: MeshModel,
  virtualService: MeshVirtualService,
  protocol: RouteProtocol,
  { source, path, route }: SourcedRoute,
): WrittenRoute {
  return {
    virtualService,
    source,
    protocol,
    path,
    rule: route,
    destinations: routeDestinations(model, protocol, { source, path, route, namespace: source.namespace }),
  };
}

/** The destinations of a rule; `path` and hosts refer to the object in which the rule is written. */
function routeDestinations(
  model: MeshModel,
  protocol: RouteProtocol,
  { route: rule, path, namespace }: SourcedRoute,
): RouteDestination[] {
  const destination = (
    value: unknown,
    own: string,
    inner: string,
    rest: Pick<RouteDestination, 'mirror' | 'weight' | 'live'>,
  ): RouteDestination => {
    const writtenHost = asString(asMap(value)['host']) ?? '';
    return {
      path: own,
      destinationPath: `${own}${inner}`,
      writtenHost,
      host: model.resolveHost(writtenHost, namespace),
      subset: asName(asMap(value)['subset']),
      port: asNumber(valueAt(value, 'port', 'number')),
      ...rest,
    };
  };
  const several = asList(rule['route']).length > 1;
  const routed = indexedMaps(rule['route']).map(({ at, item }) => {
    const weight = asNumber(item['weight']);
    const rest = { mirror: false, weight, live: !several || (weight ?? 0) > 0 };
    return destination(item['destination'], `${path}.route[${at}]`, '.destination', rest);
  });
  if (protocol !== 'http') return routed;
  const percent = asNumber(valueAt(rule, 'mirrorPercentage', 'value')) ?? asNumber(rule['mirrorPercent']);
  const mirror =
    rule['mirror'] === undefined
      ? []
      : [destination(rule['mirror'], `${path}.mirror`, '', { mirror: true, weight: undefined, live: percent !== 0 })];
  const mirrors = indexedMaps(rule['mirrors']).map(({ at, item }) => {
    const live = asNumber(valueAt(item, 'percentage', 'value')) !== 0;
    return destination(item['destination'], `${path}.mirrors[${at}]`, '.destination', {
      mirror: true,
      weight: undefined,
      live,
    });
  });
  return [...routed, ...mirror, ...mirrors];
}

/** A destination for messages: `reviews subset v1`. */
export function destinationTitle({ writtenHost, subset, port }: RouteDestination): string {
  const withPort = port === undefined ? writtenHost : `${writtenHost}:${port}`;
  return subset === undefined ? withPort : `${withPort} subset ${subset}`;
}

/** Whether a VirtualService holds for sidecars (or waypoints), not only at gateways. */
export function isOnMesh({ gateways, hosts }: MeshVirtualService): boolean {
  return hosts.length > 0 && gateways.includes('mesh');
}

/**
 * Ports at which requests for a rule arrive, sorted and without repetitions: those in its matches, or else those of its
 * gateways' servers and of the Services of its hosts. Undefined if one of these is not in the input. A destination
 * without a port uses the port of the request, unless its Service has only one.
 */
export function listenerPorts(model: MeshModel, { virtualService, rule }: WrittenRoute): number[] | undefined {
  const matched = indexedMaps(rule['match']).map(({ item }) => asNumber(item['port']));
  if (matched.length > 0 && matched.every((port) => port !== undefined)) return unique(matched);
  const found: number[] = [];
  for (const gateway of virtualService.hosts.length === 0 ? [] : virtualService.gateways) {
    const ports = gateway === 'mesh' ? servicePorts(model, virtualService) : gatewayPorts(model, gateway);
    if (ports === undefined) return undefined;
    found.push(...ports);
  }
  return found.length === 0 ? undefined : unique(found);
}

function gatewayPorts(model: MeshModel, id: string): number[] | undefined {
  return model.gateways.resolve(id, '')?.servers.map(({ port }) => port.number);
}

function servicePorts(model: MeshModel, { hosts, namespace }: WrittenRoute['virtualService']): number[] | undefined {
  const services = hosts.map((host) => model.services.seenFrom(host, namespace));
  if (services.includes(undefined)) return undefined;
  return services.flatMap((service) => service?.ports.map(({ number }) => number) ?? []);
}

function unique(ports: readonly number[]): number[] {
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** One destination of a route, with its weight. */
export interface ListedDestination {
  /** Path of the destination, e.g. `spec.http[0].route[1]`. */
  path: string;
  /** The value as written, of any type; undefined if it is missing or null. */
  weight: unknown;
  /** The destination for messages: its subset, else its host. */
  title: string;
}

/** The destinations of one rule of a VirtualService. */
export interface WeightedRoute {
  object: KubernetesObject;
  /** Path of the list, e.g. `spec.http[0].route`. */
  path: string;
  destinations: ListedDestination[];
}

/** Every `route` of the mesh's VirtualServices, in http, tcp and tls alike, whichever version of the API they are written in. */
export const weightedRoutes = memoizeByIdentity((model: MeshModel): readonly WeightedRoute[] =>
  model.objects.ofKind('VirtualService').flatMap(({ object, spec }) =>
    ['http', 'tcp', 'tls'].flatMap((protocol) =>
      indexedMaps(spec[protocol]).flatMap(({ at, item }) => {
        const path = `spec.${protocol}[${at}].route`;
        const destinations = indexedMaps(item['route']).map(({ at: index, item: destination }) =>
          weightedDestination(`${path}[${index}]`, destination),
        );
        // Another rule reports an item that is not a map; without it the others cannot be judged.
        const isSound = destinations.length > 0 && destinations.length === asList(item['route']).length;
        return isSound ? [{ object, path, destinations }] : [];
      }),
    ),
  ),
);

/** Whether a weight is a whole percentage. */
export function isWholePercent(weight: unknown): weight is number {
  return Number.isInteger(weight) && (weight as number) >= 0 && (weight as number) <= 100;
}

/** Weights for messages: `v1 60, v3 60`. */
export function listed(destinations: readonly ListedDestination[]): string {
  return destinations
    .map(({ title, weight }) => `${title} ${weight === undefined ? 'none' : JSON.stringify(weight)}`)
    .join(', ');
}

function weightedDestination(path: string, item: Readonly<Record<string, unknown>>): ListedDestination {
  const { host, subset } = asMap(item['destination']);
  return { path, weight: item['weight'] ?? undefined, title: asString(subset) ?? asString(host) ?? path };
}

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
