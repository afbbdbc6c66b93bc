import { hasLabels } from '../../mesh/model/workload-index';
import type { EffectiveRule, MeshGateway, MeshModel, MeshVirtualService } from '../../mesh/model/mesh-model';
import type { CheckOptions, GatewayWorkload } from '../rule';
import { servicePlace } from './known';

/** Pods that a Gateway selects, seen as an object or declared. */
export interface KnownGatewayWorkload extends GatewayWorkload {
  /** Undefined for one that is declared only. */
  name: string | undefined;
}

/** The gateway workloads that a Gateway selects, as far as they are known. */
export function knownGatewayWorkloads(
  model: MeshModel,
  options: CheckOptions,
  gateway: MeshGateway,
): KnownGatewayWorkload[] {
  const { selector } = gateway;
  if (selector === undefined) return [];
  const seen = model
    .gatewayWorkloads(gateway)
    .map(({ namespace, name, labels }) => ({ namespace, name: `${namespace}/${name}`, labels }));
  const declared = (options.gatewayWorkloads ?? [])
    .filter(({ labels }) => hasLabels(labels, selector))
    .map((workload) => ({ ...workload, name: undefined }));
  return [...seen, ...declared];
}

/**
 * Namespaces of the proxies that a VirtualService holds for: one entry for the mesh (its own namespace stands for all) and one per gateway. An entry with several namespaces means
 * that it is not known which of them it is.
 */
export function clientNamespaces(
  model: MeshModel,
  options: CheckOptions,
  { gateways, hosts, namespace }: MeshVirtualService,
): string[][] {
  if (hosts.length === 0) return [[namespace]];
  const views = gateways.flatMap((id): string[][] => {
    if (id === 'mesh') return [[namespace]];
    const gateway = model.gateways.resolve(id, namespace);
    const known = gateway === undefined ? [] : knownGatewayWorkloads(model, options, gateway);
    if (known.length > 0) return [...new Set(known.map((workload) => workload.namespace))].map((one) => [one]);
    return [[...new Set([namespace, gateway?.namespace ?? namespace, model.config.rootNamespace])]];
  });
  return [...new Map(views.map((view) => [view.join(' '), view])).values()];
}

/** The DestinationRule in effect for an FQDN when proxies of a namespace call it, whether or not its Service is among the objects. */
export function effectiveRule(model: MeshModel, host: string, client: string): EffectiveRule | undefined {
  const service = model.services.covering(host, client);
  const namespace = service?.namespace ?? servicePlace(host, model.config.domain)?.namespace ?? '';
  return model.destinationRules.forService({ hostname: host, namespace }, client);
}
