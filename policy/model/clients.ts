import { asStrings, indexedMaps } from '../../mesh/json';
import { resolveGateway } from '../../mesh/model/gateways';
import { memoizeByIdentity } from '../../mesh/model/memoize';
import { isVisible } from '../../mesh/model/mesh-config';
import { hasLabels } from '../../mesh/model/workload-index';
import type {
  EffectiveRule,
  MeshGateway,
  MeshModel,
  MeshVirtualService,
  MeshWorkload,
} from '../../mesh/model/mesh-model';
import { hasNoProxy } from '../../mesh/model/mutual-tls';
import type { CheckOptions, GatewayWorkload } from '../rule';
import { hostRules } from './host-rules';
import { servicePlace } from '../../mesh/model/externals';
import type { WrittenRoute } from './routes';

/** Pods that a Gateway selects: in the input, or declared in the options. */
export interface KnownGatewayWorkload extends GatewayWorkload {
  /** Undefined for declared pods. */
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

/** The parts of a rule that decide at which gateways it applies. */
type PlacedRule = Pick<WrittenRoute, 'virtualService' | 'rule'>;

/** The gateways at which a rule applies: those of its VirtualService, unless all of its matches name gateways. */
function gatewaysOfRule({ virtualService, rule }: PlacedRule): string[] {
  const { gateways, namespace } = virtualService;
  const named = indexedMaps(rule['match']).map(({ item }) => asStrings(item['gateways']));
  if (named.length === 0 || named.some((own) => own.length === 0)) return gateways;
  const wanted = new Set(named.flat().map((gateway) => resolveGateway(gateway, namespace)));
  return gateways.filter((gateway) => wanted.has(gateway));
}

/**
 * Namespaces of the proxies that use a rule. The mesh is represented by the VirtualService's own namespace, and by
 * those that {@link meshClients} adds. Each namespace of gateway pods is an entry, too. An entry with several
 * namespaces means that the input does not show which of them it is.
 */
export function clientNamespaces(model: MeshModel, options: CheckOptions, route: PlacedRule): string[][] {
  const { hosts, namespace } = route.virtualService;
  if (hosts.length === 0) return [[namespace]];
  const views = gatewaysOfRule(route).flatMap((id): string[][] => {
    if (id === 'mesh') return meshClients(model, route.virtualService);
    const gateway = model.gateways.resolve(id, namespace);
    const known = gateway === undefined ? [] : knownGatewayWorkloads(model, options, gateway);
    if (known.length > 0) return [...new Set(known.map((workload) => workload.namespace))].map((one) => [one]);
    return [[...new Set([namespace, gateway?.namespace ?? namespace, model.config.rootNamespace])]];
  });
  return [...new Map(views.map((view) => [view.join(' '), view])).values()];
}

/**
 * Namespaces of sidecars that use a VirtualService of the mesh. Its own namespace represents all others, except those
 * that a DestinationRule or an exportTo treats differently.
 */
function meshClients(model: MeshModel, { namespace, hosts, seenBy }: MeshVirtualService): string[][] {
  const reaches = (client: string): boolean =>
    isVisible(seenBy, client) &&
    hosts.some((host) => {
      const services = model.services.withHost(host);
      return services.length === 0 || services.some((service) => isVisible(service.seenBy, client));
    });
  const others = [...namespacesApart(model)].filter((client) => client !== namespace && reaches(client));
  const known = [...(reaches(namespace) ? [namespace] : []), ...others];
  // The clients may be in namespaces that the input does not describe.
  const named = [seenBy, ...hosts.flatMap((host) => model.services.withHost(host).map((service) => service.seenBy))]
    .flatMap((one) => (typeof one === 'string' ? [] : [...one]))
    .filter(reaches);
  const clients = known.length > 0 ? known : named;
  return (clients.length > 0 ? [...new Set(clients)] : [namespace]).map((client) => [client]);
}

/** Without the Namespace object, it is not known whether pods get a sidecar. */
function mayHaveSidecar(model: MeshModel, workload: MeshWorkload): boolean {
  return workload.proxy === 'sidecar' || (workload.proxy === 'none' && !hasNoProxy(model, workload));
}

/** Namespaces with sidecars that a Service's exportTo or a DestinationRule treats differently from the rest. */
const namespacesApart = memoizeByIdentity((model: MeshModel): ReadonlySet<string> => {
  const withSidecars = new Set(
    model.workloads.all.filter((workload) => mayHaveSidecar(model, workload)).map(({ namespace }) => namespace),
  );
  const visibilities = [...model.services.all, ...hostRules(model).all].map(({ seenBy }) => seenBy);
  if (visibilities.some((seenBy) => seenBy !== '*')) return withSidecars;
  return new Set([...hostRules(model).namespaces].filter((namespace) => withSidecars.has(namespace)));
});

/**
 * The DestinationRule in effect for an FQDN when proxies of a namespace call it. Its Service need not be in the input.
 */
export function effectiveRule(model: MeshModel, host: string, client: string): EffectiveRule | undefined {
  const service = model.services.covering(host, client);
  const namespace = service?.namespace ?? servicePlace(host, model.config.domain)?.namespace ?? '';
  return model.destinationRules.forService({ hostname: host, namespace }, client);
}
