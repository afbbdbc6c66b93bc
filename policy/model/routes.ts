import { asList, asMap, asName, asNumber, asText, type JsonMap } from '../../mesh/model/json';
import type { MeshModel, MeshObject, MeshVirtualService, SourcedRoute } from '../../mesh/model/mesh-model';
import { oncePer } from '../../mesh/model/once-per';
import { below, records } from './read';

export type RouteProtocol = 'http' | 'tls' | 'tcp';
const protocols: readonly RouteProtocol[] = ['http', 'tls', 'tcp'];

/** A rule as it is written in a VirtualService, a delegate's included. */
export interface WrittenRoute {
  virtualService: MeshVirtualService;
  source: MeshObject;
  protocol: RouteProtocol;
  /** E.g. `spec.http[0]`. */
  path: string;
  rule: JsonMap;
  /** Where it sends requests, then where it sends copies. */
  destinations: RouteDestination[];
}

/** Where a rule sends requests, or copies of them. */
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
  /** Whether anything is sent there: false for weight 0 beside others, and for a mirror of 0 percent. */
  live: boolean;
}

/** Every rule of every VirtualService, each once and where it is written. */
export const writtenRoutes = oncePer((model: MeshModel): readonly WrittenRoute[] =>
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

/** The destinations of a rule; `path` and hosts are those of the object it is written in. */
export function routeDestinations(
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
    const writtenHost = asText(asMap(value)['host']) ?? '';
    return {
      path: own,
      destinationPath: `${own}${inner}`,
      writtenHost,
      host: model.resolveHost(writtenHost, namespace),
      subset: asName(asMap(value)['subset']),
      port: asNumber(below(value, 'port', 'number')),
      ...rest,
    };
  };
  const several = asList(rule['route']).length > 1;
  const routed = records(rule['route']).map(({ at, item }) => {
    const weight = asNumber(item['weight']);
    const rest = { mirror: false, weight, live: !several || (weight ?? 0) > 0 };
    return destination(item['destination'], `${path}.route[${at}]`, '.destination', rest);
  });
  if (protocol !== 'http') return routed;
  const percent = asNumber(below(rule, 'mirrorPercentage', 'value')) ?? asNumber(rule['mirrorPercent']);
  const mirror =
    rule['mirror'] === undefined
      ? []
      : [destination(rule['mirror'], `${path}.mirror`, '', { mirror: true, weight: undefined, live: percent !== 0 })];
  const mirrors = records(rule['mirrors']).map(({ at, item }) => {
    const live = asNumber(below(item, 'percentage', 'value')) !== 0;
    return destination(item['destination'], `${path}.mirrors[${at}]`, '.destination', {
      mirror: true,
      weight: undefined,
      live,
    });
  });
  return [...routed, ...mirror, ...mirrors];
}

/** A destination in words: `reviews subset v1`. */
export function destinationTitle({ writtenHost, subset, port }: RouteDestination): string {
  const withPort = port === undefined ? writtenHost : `${writtenHost}:${port}`;
  return subset === undefined ? withPort : `${withPort} subset ${subset}`;
}

/** Whether a VirtualService holds for sidecars (or waypoints), not only at gateways. */
export function isOnMesh({ gateways, hosts }: MeshVirtualService): boolean {
  return hosts.length > 0 && gateways.includes('mesh');
}
