import type { MeshModel, MeshService } from '../model/mesh-model';
import type { RuleDestination } from './rules/action';
import type { Destination } from './outcome';

/** What a proxy knows of services: enough to say which cluster a rule's destination is, and whether the proxy has it. */
export interface ProxyView {
  namespace: string;
  labels: Record<string, string>;
  /** The service that the proxy sends to for a FQDN. */
  service(host: string): MeshService | undefined;
  /** The service that decides the port of a destination that states none. */
  portService(host: string, ruleNamespace: string, listenerPort: number): MeshService | undefined;
}

/**
 * The cluster that a destination means on a listener (istio pilot/pkg/networking/core/route/route.go, GetDestinationCluster): the stated port, else the service's
 * only one (rules for requests count the ports that the listener is for, rules for connections all of them), else the listener's; an ExternalName Service stands for the host it names. `missing` says why the proxy has no such cluster.
 */
export function clusterOf(
  destination: RuleDestination,
  ruleNamespace: string,
  listenerPort: number,
  view: ProxyView,
  model: MeshModel,
  isL4 = false,
): Destination & { missing?: string } {
  const known = isL4 ? view.service(destination.host) : view.portService(destination.host, ruleNamespace, listenerPort);
  const onlyPort = known?.ports.length === 1 ? known.ports[0]?.number : undefined;
  const host = known?.externalName ?? destination.host;
  const port = destination.port ?? onlyPort ?? listenerPort;
  const cluster = { host, port, ...(destination.subset === undefined ? {} : { subset: destination.subset }) };
  const missing = missingCluster(cluster, view, model);
  return missing === undefined ? cluster : { ...cluster, missing };
}

function missingCluster({ host, port, subset }: Destination, view: ProxyView, model: MeshModel): string | undefined {
  const service = view.service(host);
  if (service === undefined || service.resolution === 'Alias') return `no service ${host}`;
  const servicePort = service.ports.find(({ number }) => number === port);
  if (servicePort === undefined || servicePort.protocol === 'UDP') return `service ${host} has no port ${port}`;
  if (subset === undefined) return undefined;
  const rule = model.destinationRules.forService(service, view.namespace, view.labels);
  return rule?.subsets.some(({ name }) => name === subset) === true
    ? undefined
    : `no DestinationRule gives ${host} a subset ${subset}`;
}
