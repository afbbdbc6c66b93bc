import { serviceFqdn } from '../model/hosts';
import { isHttp } from '../model/protocol';
import type { MeshService } from '../model/mesh-model';
import { noSidecar, type Outcome, reset } from './outcome';
import { isOpenFor, type Proxy, type Request, requestValuation } from './request';
import { ruleOutcome } from './rule-outcome';
import type { CompiledRoute } from './rules/routes';
import { defaultAction, defaultL4Action } from './rules/action';
import type { TrafficModel } from './traffic-model';
import { type Asking, withVerdicts } from './verdicts';

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
