import { isAssumed, isUndeclared } from './assumed';
import { podPort, type ProxyView, reach } from './endpoints';
import type { MeshModel } from '../model/mesh-model';
import { openNetworkPolicies } from './network-policies';
import type { RuleDestination } from './rules/action';
import { fraction, share } from './share';
import type { Destination, Failure, WeightedDestination } from './outcome';

type Cluster = Destination & Pick<WeightedDestination, 'missing' | 'failures' | 'closed' | 'unknown'>;

/**
 * The Envoy cluster of a destination on a listener (istio pilot/pkg/networking/core/route/route.go,
 * GetDestinationCluster). Its port is the stated one, else the service's only port, else the port of the listener. HTTP
 * rules see only the service's ports on this listener, TCP and TLS rules see all of them. The host of an ExternalName
 * Service is the host that it names.
 */
export function clusterOf(
  destination: RuleDestination,
  ruleNamespace: string,
  listenerPort: number,
  view: ProxyView,
  model: MeshModel,
  isL4 = false,
): Cluster {
  const known = isL4 ? view.service(destination.host) : view.portService(destination.host, ruleNamespace, listenerPort);
  const onlyPort = known?.ports.length === 1 ? known.ports[0]?.number : undefined;
  const host = known?.externalName ?? destination.host;
  const port = destination.port ?? onlyPort ?? listenerPort;
  const named = { host, port, ...(destination.subset === undefined ? {} : { subset: destination.subset }) };
  const state = withState(named, view, model, isL4);
  return isL4 && state.missing !== undefined ? { ...state, closed: true } : state;
}

/** A destination with the reasons why all or some of its requests fail, and with what is unknown. */
function withState(cluster: Destination, view: ProxyView, model: MeshModel, isL4: boolean): Cluster {
  const missing = missingCluster(cluster, view, model);
  if (missing !== undefined) return { ...cluster, ...missing };
  const service = view.service(cluster.host);
  const stated =
    service !== undefined && isUndeclared(model, service.source, service.hostname)
      ? `no ${service.registry === 'Kubernetes' ? 'Service' : 'service'} ${cluster.host} is in the input`
      : undefined;
  const { places, none } = reach(model, view, cluster);
  if (none !== undefined) return { ...cluster, missing: none };
  const refused = places.filter(({ connection }) => connection.refused !== undefined);
  if (refused.length > 0 && refused.length === places.length)
    return { ...cluster, missing: refused[0]?.connection.refused ?? '' };
  const policies = places.flatMap(({ workload }) =>
    workload === undefined || service === undefined
      ? []
      : openNetworkPolicies(model, view, workload, podPort(service, workload, cluster.port)),
  );
  const unknown = [
    stated,
    ...places.map(({ connection }) => connection.unknown),
    ...policies.map(({ namespace, name }) => `whether NetworkPolicy ${namespace}/${name} lets the connection through`),
  ].filter((one) => one !== undefined);
  const failures = refused.map((place): Failure => ({
    share: place.share,
    // The client's own proxy answers instead of the server.
    status: isL4 || view.proxy === 'none' ? undefined : 503,
    why: place.connection.refused ?? '',
    places: [place.name],
  }));
  return {
    ...cluster,
    ...(failures.length === 0 ? {} : { failures: joined(failures) }),
    ...(unknown.length === 0 ? {} : { unknown: [...new Set(unknown)].join('; ') }),
  };
}

/** Merges failures with the same reason. */
export function joined(failures: readonly Failure[]): Failure[] {
  const byReason = new Map<string, Failure>();
  for (const failure of failures) {
    const key = `${failure.status ?? 'closed'} ${failure.why}`;
    const before = byReason.get(key);
    byReason.set(
      key,
      before === undefined
        ? failure
        : {
            ...before,
            share: share(fraction(before.share).add(fraction(failure.share))),
            places: [...before.places, ...failure.places],
          },
    );
  }
  return [...byReason.values()];
}

function missingCluster(
  { host, port, subset }: Destination,
  view: ProxyView,
  model: MeshModel,
): { missing: string } | { unknown: string } | undefined {
  const service = view.service(host);
  if (service === undefined || service.resolution === 'Alias') return { missing: `no service ${host}` };
  const servicePort = service.ports.find(({ number }) => number === port);
  if ((servicePort === undefined || servicePort.protocol === 'UDP') && !isAssumed(service.source))
    return { missing: `service ${host} has no port ${port}` };
  if (subset === undefined) return undefined;
  const rule = model.destinationRules.forService(service, view.namespace, view.labels);
  if (rule?.subsets.some(({ name }) => name === subset) === true) return undefined;
  if (rule !== undefined || model.complete) return { missing: `no DestinationRule gives ${host} a subset ${subset}` };
  const also = isUndeclared(model, service.source, host) ? `no Service ${host} and ` : '';
  return { unknown: `${also}no DestinationRule for subset ${subset} of ${host} is in the input` };
}
