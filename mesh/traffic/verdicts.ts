import { isHttp } from '../model/protocol';
import type { MeshModel, MeshService } from '../model/mesh-model';
import { type Place, podPort, type ProxyView, reach } from './endpoints';
import type { Valuation } from './conditions';
import type { Failure, Outcome, WeightedDestination } from './outcome';
import { policySteps, type Step, verdictOf } from './policies';
import { beforeRewrite, policyKey, routesByVerdict } from './policy-routes';
import type { Proxy } from './request';
import { clusterOf, joined } from './proxy-view';
import type { CompiledRoute, PolicyVerdict } from './rules/routes';

/** The results of the pods' AuthorizationPolicies for the requests that a route sends there. */

/** The client, and the port. */
export interface Asking {
  caller: Proxy;
  port: number;
  view: ProxyView;
  model: MeshModel;
}

/** Splits a route into one for each class of requests that its destinations' policies distinguish. */
export function byVerdict(route: CompiledRoute, asking: Asking): CompiledRoute[] {
  const servers = serversOf(route, asking);
  return servers.length === 0 ? [route] : routesByVerdict(route, servers);
}

/** A route with the results of its destinations' policies for one request. */
export function withVerdicts(
  route: CompiledRoute,
  asking: Asking,
  valuation: Valuation,
  isOpen: (variable: string) => boolean,
): CompiledRoute {
  const servers = serversOf(route, asking);
  if (servers.length === 0) return route;
  const verdicts = servers.map((all): [string, PolicyVerdict] => [
    policyKey(all),
    verdictOf(beforeRewrite(all, route), valuation, isOpen),
  ]);
  return { ...route, verdicts: new Map(verdicts) };
}

function serversOf(route: CompiledRoute, asking: Asking): Step[][] {
  const { model, view, port } = asking;
  if (!hasPolicies(model)) return [];
  return (route.action.forward ?? []).flatMap((destination) => {
    const cluster = clusterOf(destination, route.namespace, port, view, model, route.action.isL4);
    if (cluster.missing !== undefined) return [];
    const service = view.service(cluster.host);
    return reach(model, view, cluster).places.flatMap((place) => {
      const steps = service && placeSteps(service, place, cluster.port, route.action.isL4, asking);
      return steps === undefined ? [] : [steps];
    });
  });
}

/** An outcome that also says which part of the requests to each destination is refused by policies. */
export function judged(outcome: Outcome, route: CompiledRoute, asking: Asking): Outcome {
  const { verdicts } = route;
  if (verdicts === undefined || outcome.destinations === undefined) return outcome;
  return {
    ...outcome,
    destinations: outcome.destinations.map((destination) =>
      judgedDestination(destination, verdicts, route.action.isL4, asking),
    ),
  };
}

function judgedDestination(
  destination: WeightedDestination,
  verdicts: ReadonlyMap<string, PolicyVerdict>,
  isL4: boolean,
  asking: Asking,
): WeightedDestination {
  const { model, view } = asking;
  const service = view.service(destination.host);
  if (destination.missing !== undefined || service === undefined) return destination;
  const failures: Failure[] = [...(destination.failures ?? [])];
  const unknown = destination.unknown === undefined ? [] : [destination.unknown];
  for (const place of reach(model, view, destination).places) {
    const steps = placeSteps(service, place, destination.port, isL4, asking);
    const verdict = steps && verdicts.get(policyKey(steps));
    if (verdict?.unknown !== undefined) unknown.push(verdict.unknown);
    if (verdict?.status === undefined) continue;
    const status = isL4 ? undefined : verdict.status;
    failures.push({ share: place.share, status, why: verdict.why ?? '', places: [place.name] });
  }
  return {
    ...destination,
    ...(failures.length === 0 ? {} : { failures: joined(failures) }),
    ...(unknown.length === 0 ? {} : { unknown: [...new Set(unknown)].join('; ') }),
  };
}

const known = new WeakMap<MeshModel, Map<string, Step[]>>();

/** The results of the policies for a place; undefined if no proxy enforces any, or the connection is refused before. */
function placeSteps(
  service: MeshService,
  { workload, connection }: Place,
  port: number,
  isL4: boolean,
  { model, caller, view }: Asking,
): Step[] | undefined {
  if (workload === undefined || connection.refused !== undefined || !hasPolicies(model)) return undefined;
  if (workload.proxy === 'ambient' || (workload.proxy === 'none' && model.namespaces.get(workload.namespace)?.source))
    return undefined;
  const protocol = service.ports.find(({ number }) => number === port)?.protocol ?? 'Unsupported';
  const speaksHttp = !isL4 && (isHttp(protocol) || protocol === 'Unsupported');
  const server = {
    namespace: workload.namespace,
    labels: workload.labels,
    port: podPort(service, workload, port),
    isHttp: speaksHttp,
  };
  const asks = { proxy: caller, mutual: connection.mutual && view.proxy !== 'none' };
  const ofModel = known.get(model) ?? new Map<string, Step[]>();
  known.set(model, ofModel);
  const key = JSON.stringify([server, asks.mutual, caller.namespace, caller.serviceAccount]);
  const steps = ofModel.get(key) ?? policySteps(model, server, asks);
  ofModel.set(key, steps);
  return steps;
}

export function hasPolicies({ objects }: MeshModel): boolean {
  return objects.ofKind('AuthorizationPolicy').length + objects.ofKind('RequestAuthentication').length > 0;
}
