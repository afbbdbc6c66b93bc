import { asList, asMap, asName, asString, indexedMaps, isMap, type JsonMap } from '../../mesh/json';
import type { MeshModel, KnownNamespace, MeshObject } from '../../mesh/model/mesh-model';
import { clausesOf } from './authorization';

export const useWaypoint = 'istio.io/use-waypoint';

/** Whether a namespace is enrolled in ambient, as far as its object says. A label for sidecars wins. */
export function isAmbient(namespace: KnownNamespace | undefined): boolean {
  if (namespace?.source === undefined) return false;
  const { labels } = namespace;
  const hasSidecars = labels['istio-injection'] === 'enabled' || (labels['istio.io/rev'] ?? '') !== '';
  return !hasSidecars && labels['istio.io/dataplane-mode'] === 'ambient';
}

/** The waypoint that the labels of an object name, or else the labels of its namespace; `none` opts out. */
export function waypointOf(
  own: Record<string, string>,
  namespace: KnownNamespace | undefined,
): { name: string; namespace: string } | undefined {
  const labels = own[useWaypoint] === undefined ? (namespace?.labels ?? {}) : own;
  const name = labels[useWaypoint] ?? '';
  if (name === '' || name === 'none') return undefined;
  return { name, namespace: labels['istio.io/use-waypoint-namespace'] ?? namespace?.name ?? '' };
}

/** The waypoints among the objects of a namespace. */
export function waypointsIn(model: MeshModel, namespace: string): MeshObject[] {
  return model.objects
    .ofGroupKind('gateway.networking.k8s.io', 'Gateway')
    .filter((gateway) => gateway.namespace === namespace && gateway.spec['gatewayClassName'] === 'istio-waypoint');
}

/** The field of a policy that needs a proxy that reads HTTP; undefined for a policy that ztunnel can apply. */
export function httpField(object: MeshObject): string | undefined {
  switch (object.kind) {
    case 'AuthorizationPolicy':
      return authorizationField(object);
    case 'RequestAuthentication':
    case 'WasmPlugin':
      return 'spec';
    case 'Telemetry':
      return telemetryField(object.spec);
    case 'VirtualService':
      return ['http', 'tls'].find((field) => asList(object.spec[field]).length > 0);
    case 'DestinationRule':
      return ruleField(object.spec);
    default:
      return undefined;
  }
}

function authorizationField(policy: MeshObject): string | undefined {
  const { sources, operations, conditions } = clausesOf(policy);
  const set = (fields: JsonMap, names: string[]): string | undefined =>
    names.find((name) => asList(fields[name]).length > 0);
  const found = [
    ...operations.map(({ fields }) => set(fields, ['methods', 'notMethods', 'paths', 'notPaths', 'hosts', 'notHosts'])),
    ...sources.map(({ fields }) => set(fields, ['requestPrincipals', 'notRequestPrincipals'])),
    ...conditions.map(({ fields }) => {
      const key = asString(fields['key']) ?? '';
      return key.startsWith('request.') ? key : undefined;
    }),
  ];
  return found.find((name) => name !== undefined);
}

function telemetryField(spec: JsonMap): string | undefined {
  if (indexedMaps(spec['metrics']).some(({ item }) => asList(item['overrides']).length > 0)) return 'metrics.overrides';
  return ['tracing', 'accessLogging'].find((field) => asList(spec[field]).length > 0);
}

function ruleField(spec: JsonMap): string | undefined {
  const policies = [
    asMap(spec['trafficPolicy']),
    ...indexedMaps(spec['subsets']).map(({ item }) => asMap(item['trafficPolicy'])),
  ];
  return policies
    .map((policy) => {
      const hash = asMap(asMap(policy['loadBalancer'])['consistentHash']);
      if (asName(hash['httpHeaderName']) !== undefined || isMap(hash['httpCookie']))
        return 'loadBalancer.consistentHash';
      if (isMap(asMap(policy['connectionPool'])['http'])) return 'connectionPool.http';
      return isMap(policy['outlierDetection']) ? 'outlierDetection' : undefined;
    })
    .find((field) => field !== undefined);
}
