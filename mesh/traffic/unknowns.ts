import type { MeshModel, MeshService } from '../model/mesh-model';
import { isAssumed, isUndeclared } from './assumed';
import { reach } from './endpoints';
import type { Outcome } from './outcome';
import { policySteps, type Step } from './policies';
import type { Proxy } from './request';
import { listenerPort } from './tables/gateway-table';
import type { TrafficModel } from './traffic-model';
import { touching } from './unfollowed';
import { hasPolicies } from './verdicts';

/** Every unknown fact that an answer depends on, once. */
export function unknownsOf({ kind, why, unknown = [], destinations = [], mirrors = [] }: Outcome): string[] {
  const all = [...unknown, ...[...destinations, ...mirrors].flatMap((one) => one.unknown ?? [])];
  return kind === 'unknown' && all.length === 0 ? [why ?? 'what decides'] : [...new Set(all)];
}

/**
 * An outcome with the names of objects that can change it: extensions of the proxies involved, routes of the Gateway
 * API, waypoints.
 */
export function withTouching(
  traffic: TrafficModel,
  client: Proxy,
  service: MeshService | undefined,
  outcome: Outcome,
  more: readonly string[] = [],
): Outcome {
  const { mesh } = traffic;
  const view = traffic.view(client);
  const workloads = (outcome.destinations ?? []).flatMap((destination) =>
    destination.missing === undefined
      ? reach(mesh, view, destination).places.flatMap(({ workload }) => workload ?? [])
      : [],
  );
  const destinations = (outcome.destinations ?? []).flatMap(({ host }) => view.service(host) ?? []);
  const ambient =
    workloads.some(({ proxy }) => proxy === 'ambient') && hasPolicies(mesh)
      ? ['policies in ambient mode are not modelled']
      : [];
  const names = [
    ...more,
    ...touching(mesh, client, { service, destinations, workloads }),
    ...ambient,
    ...ofGateway(mesh, client),
  ];
  return names.length === 0 ? outcome : { ...outcome, unknown: [...new Set([...(outcome.unknown ?? []), ...names])] };
}

/** A Gateway that only rules name. */
function ofGateway(mesh: MeshModel, { type, labels }: Proxy): string[] {
  if (type !== 'gateway') return [];
  return mesh.gateways
    .selecting(labels)
    .filter(({ source }) => isAssumed(source) && isUndeclared(mesh, source))
    .map(({ id }) => `no Gateway ${id} is in the input`);
}

/** The results of the policies of a gateway's own workload for requests on a port. */
export function gatewaySteps(traffic: TrafficModel, proxy: Proxy, port: number, isHttp: boolean): Step[] {
  if (!hasPolicies(traffic.mesh)) return [{ when: [], verdict: {} }];
  const server = {
    namespace: proxy.namespace,
    labels: proxy.labels,
    port: listenerPort(traffic.mesh, proxy, port),
    isHttp,
  };
  return policySteps(traffic.mesh, server, { proxy, mutual: false, outside: true });
}
