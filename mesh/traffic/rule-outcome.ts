import { serviceFqdn } from '../model/hosts';
import type { MeshModel, MeshService } from '../model/mesh-model';
import { isHttp } from '../model/protocol';
import { type Place, reach } from './endpoints';
import { type Failure, noSidecar, type Outcome, reset, type WeightedDestination } from './outcome';
import { clusterOf } from './proxy-view';
import { isOpenFor, type Proxy, type Request, requestValuation } from './request';
import { defaultAction, defaultL4Action } from './rules/action';
import { orderedOperations } from './rules/rewrites';
import type { CompiledRoute } from './rules/routes';
import type { TrafficModel } from './traffic-model';
import { type Asking, judged, withVerdicts } from './verdicts';

/** The outcome of a rule's requests, as far as it is the same for all of them. */
export function ruleOutcome(route: CompiledRoute, asking: Asking): Outcome {
  if (route.fixed !== undefined) return route.fixed;
  const { action, rule } = route;
  const { port: listenerPort, view, model } = asking;
  const common = present({ rule, fault: action.fault });
  if (action.invalid !== undefined) return { kind: 'unknown', why: action.invalid, ...common };
  if (action.redirect !== undefined)
    return { kind: 'redirect', redirect: action.redirect, ...common, ...present({ headers: action.headers }) };
  if (action.response !== undefined) {
    const { status, body } = action.response;
    return { kind: 'response', ...present({ status, body }), ...common, ...present({ headers: action.headers }) };
  }
  const mirrors = action.mirrors.map((mirror) => ({
    ...clusterOf(mirror, route.namespace, listenerPort, view, model),
    share: mirror.share,
  }));
  const outcome: Outcome = {
    kind: 'routed',
    ...(rule === undefined ? { why: 'no rule applies: the service takes its own requests' } : {}),
    destinations: (action.forward ?? []).map((destination): WeightedDestination => ({
      ...clusterOf(destination, route.namespace, listenerPort, view, model, action.isL4),
      share: destination.share,
      ...present({
        headers: orderedOperations(action.headers, destination.headers, action.several),
        authority: destination.authority,
      }),
    })),
    ...common,
    ...ownedWeights(route, model),
    ...present({
      rewrite: action.rewrite,
      authority: action.authority,
      timeout: action.timeout,
      retries: action.retries,
      mirrors: mirrors.length === 0 ? undefined : mirrors,
    }),
  };
  return withRetries(judged(outcome, route, asking), asking);
}

/** Of requests that only some pods refuse, a retry saves most; how many, depends on the load of the pods. */
function withRetries(outcome: Outcome, { model, view }: Asking): Outcome {
  if (outcome.retries === undefined || view.proxy === 'none') return outcome;
  const retryOn = outcome.retries.retryOn.split(',');
  return {
    ...outcome,
    ...(outcome.destinations && {
      destinations: outcome.destinations.map((destination) => {
        const partly = destination.failures?.filter(({ share }) => share !== '1') ?? [];
        if (partly.length === 0) return destination;
        const { places } = reach(model, view, destination);
        const refused = partly.filter((failure) => isRetried(failure, places, retryOn));
        if (refused.length === 0) return destination;
        const names = refused.flatMap((failure) => failure.places.map((name) => name.slice(0, name.lastIndexOf('|'))));
        const unknown = `how many of the requests that ${names.sort().join(' and ')} refuses are retried on other pods`;
        return {
          ...destination,
          unknown: destination.unknown === undefined ? unknown : `${destination.unknown}; ${unknown}`,
        };
      }),
    }),
  };
}

function isRetried({ status, places: names }: Failure, places: readonly Place[], retryOn: readonly string[]): boolean {
  return places.some(
    ({ name, connection }) =>
      names.includes(name) &&
      (connection.refused === undefined
        ? retryOn.includes(String(status))
        : connection.retriedOn?.some((word) => retryOn.includes(word)) === true),
  );
}

/** A controller may set other shares than the object states. */
function ownedWeights({ action, rule }: CompiledRoute, { weightOwners }: MeshModel): Pick<Outcome, 'unknown'> {
  const owner = rule?.kind === 'VirtualService' ? weightOwners[`${rule.namespace}/${rule.name}`] : undefined;
  if (rule === undefined || owner === undefined || !action.several) return {};
  return { unknown: [`the weights of VirtualService ${rule.namespace}/${rule.name} belong to ${owner}`] };
}

function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/**
 * The outcome of a request from a client without a sidecar: no rule applies, and pods whose sidecars require mutual TLS
 * close the connection.
 */
export function plainOutcome(traffic: TrafficModel, proxy: Proxy, request: Request): Outcome {
  const { mesh } = traffic;
  const { host, port } = request;
  const name = host.toLowerCase();
  const service = [name, serviceFqdn(name, proxy.namespace, mesh.config.domain)]
    .flatMap((candidate) => (candidate === undefined ? [] : mesh.services.withHost(candidate)))
    .find(({ registry }) => registry === 'Kubernetes');
  if (service === undefined)
    return { kind: 'passthrough', why: `${host} is not a Service, and the client has no sidecar` };
  if (!service.ports.some(({ number }) => number === port)) return reset(`${service.hostname} has no port ${port}`);
  const asking = { caller: proxy, port, view: traffic.plainView(proxy), model: mesh };
  const [route] = plainRoutes(service, port);
  return plainRouteOutcome(
    withVerdicts(route, asking, requestValuation(request, proxy), isOpenFor(request, proxy)),
    asking,
  );
}

/** The only route of requests to a Service without a proxy. */
export function plainRoutes({ hostname, externalName, namespace, ports }: MeshService, port: number): [CompiledRoute] {
  const protocol = ports.find(({ number }) => number === port)?.protocol ?? 'Unsupported';
  const destination = { host: externalName ?? hostname, port };
  const action =
    isHttp(protocol) || protocol === 'Unsupported'
      ? { ...defaultAction(destination, undefined), retries: undefined }
      : defaultL4Action(destination);
  return [{ when: [], unless: [], port: undefined, action, rule: undefined, namespace }];
}

/** Without a proxy there is no 503: the connection fails. */
export function plainRouteOutcome(route: CompiledRoute, asking: Asking): Outcome {
  const outcome = ruleOutcome(route, asking);
  const [destination] = outcome.destinations ?? [];
  if (destination?.missing !== undefined) return reset(destination.missing);
  return { ...outcome, why: noSidecar };
}
