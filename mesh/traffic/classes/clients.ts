import { compareStrings } from '../../collections';
import { asMap, asString, asStringMap, asStrings, isMap } from '../../json';
import type { MeshModel, MeshObject, MeshWorkload } from '../../model/mesh-model';
import { hasNoProxy } from '../../model/mutual-tls';
import { exact, type Literal } from '../conditions';
import type { Proxy } from '../request';
import { extensionsOfProxies } from '../unfollowed';

/** Senders whose proxies have the same routing tables. */
export interface Client {
  /** E.g. `gateway istio-ingress/istio-ingressgateway`, `workloads`, `workloads of shop`, `workloads of shop with app=web`. */
  title: string;
  proxy: Proxy;
  /** Properties that all these senders have, for conditions on senders. */
  given: Literal[];
}

/** Stand-in for all namespaces that see the mesh in the same way. No namespace has this name. */
const anyNamespace = '';

/**
 * The senders that a mesh distinguishes: every gateway, and workloads by what they see. Most meshes look the same from
 * everywhere. Namespaces differ by `exportTo`, Sidecars, and DestinationRules for hosts of other namespaces; workloads
 * of one namespace differ by selectors of Sidecars and DestinationRules.
 */
export function clients(model: MeshModel, groups: readonly Group[] = sendersApart(model)): Client[] {
  const special = [...new Set(groups.map(({ namespace }) => namespace))].sort(compareStrings);
  const others = special.map((namespace): Literal => ({ ...exact('source namespace', namespace), negated: true }));
  return [
    ...gatewayClients(model),
    {
      title: special.length === 0 ? 'workloads' : 'workloads elsewhere',
      proxy: { type: 'sidecar', namespace: anyNamespace, labels: {} },
      given: others,
    },
    { title: 'clients without a sidecar', proxy: { type: 'none', namespace: anyNamespace, labels: {} }, given: [] },
    ...special.map((namespace) => workloadClient(namespace, {})),
    ...special.flatMap((namespace) => selections(groups, namespace).map((labels) => workloadClient(namespace, labels))),
  ];
}

/** Workloads of a namespace, or those with some labels, that a rule treats differently. */
export interface Group {
  namespace: string;
  labels?: Record<string, string>;
}

export function sendersApart(model: MeshModel): Group[] {
  return [...new Set(namespacesApart(model))].flatMap((namespace): Group[] => [
    { namespace },
    ...selectors(model, namespace).map((labels) => ({ namespace, labels })),
  ]);
}

/** Workloads of a namespace that have these labels, and perhaps others. */
export function workloadClient(namespace: string, labels: Record<string, string>): Client {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return {
    title: `workloads of ${namespace}${pairs.length === 0 ? '' : ` with ${pairs.join(', ')}`}`,
    proxy: { type: 'sidecar', namespace, labels },
    given: [
      exact('source namespace', namespace),
      ...Object.entries(labels).map(([label, value]) => exact(`source label ${label}`, value)),
    ],
  };
}

/** One workload as a sender, with or without a proxy. */
export function clientOfWorkload(model: MeshModel, workload: MeshWorkload): Client {
  const { kind, namespace, name, labels, serviceAccount } = workload;
  const client = workloadClient(namespace, labels);
  const title = `workload ${namespace}/${name}`;
  const proxy: Proxy = { ...client.proxy, type: hasNoProxy(model, workload) ? 'none' : 'sidecar', serviceAccount };
  if (workload.proxy !== 'ambient') return { ...client, title, proxy };
  const unfollowed = [`${kind} ${namespace}/${name} is in ambient mode, which`];
  return { ...client, title, proxy: { ...proxy, unfollowed } };
}

/** Gateways by the workload they run on. A Gateway whose workload is not in the input is a sender by itself. */
export function gatewayClients(model: MeshModel): Client[] {
  const byTitle = new Map<string, Client>();
  for (const gateway of model.gateways.all) {
    const running = model.gatewayWorkloads(gateway);
    const proxies =
      running.length > 0
        ? running.map(({ namespace, name, labels, serviceAccount }) => ({
            title: `${namespace}/${name}`,
            proxy: { namespace, labels, serviceAccount },
          }))
        : [{ title: gateway.id, proxy: { namespace: gateway.namespace, labels: gateway.selector ?? {} } }];
    for (const { title, proxy } of proxies) {
      byTitle.set(title, { title: `gateway ${title}`, proxy: { type: 'gateway', ...proxy }, given: [] });
    }
  }
  return [...byTitle.values()].sort((a, b) => compareStrings(a.title, b.title));
}

function* namespacesApart(model: MeshModel): Generator<string> {
  const { objects } = model;
  for (const { namespace } of extensionsOfProxies.flatMap((kind) => objects.ofKind(kind)))
    if (namespace !== model.config.rootNamespace) yield namespace;
  for (const kind of ['VirtualService', 'DestinationRule', 'ServiceEntry'] as const) {
    for (const object of objects.ofKind(kind)) yield* named(asStrings(object.spec['exportTo']), object);
  }
  for (const object of objects.ofKind('Service')) {
    yield* named(
      (object.annotations['networking.istio.io/exportTo'] ?? '*').split(',').map((entry) => entry.trim()),
      object,
    );
  }
  for (const { namespace } of objects.ofKind('Sidecar')) if (namespace !== model.config.rootNamespace) yield namespace;
  for (const rule of objects.ofKind('DestinationRule')) {
    const host = model.resolveHost(asString(rule.spec['host']) ?? '', rule.namespace);
    const ofOthers = !model.services.withHost(host).some((service) => service.namespace === rule.namespace);
    if ((ofOthers && rule.namespace !== model.config.rootNamespace) || isMap(rule.spec['workloadSelector']))
      yield rule.namespace;
  }
}

/** The namespaces that an exportTo treats differently. */
function named(exportTo: readonly string[], { namespace }: MeshObject): string[] {
  if (exportTo.includes('*')) return [];
  return exportTo.filter((entry) => entry !== '~').map((entry) => (entry === '.' ? namespace : entry));
}

function selections(groups: readonly Group[], namespace: string): Record<string, string>[] {
  const found = groups.flatMap(({ namespace: of, labels }) =>
    of === namespace && labels !== undefined ? [labels] : [],
  );
  const byKey = new Map(found.map((labels) => [JSON.stringify(Object.entries(labels).sort()), labels]));
  return [...byKey.entries()].sort(([a], [b]) => compareStrings(a, b)).map(([, labels]) => labels);
}

function selectors({ objects }: MeshModel, namespace: string): Record<string, string>[] {
  const kinds = ['Sidecar', 'DestinationRule', ...extensionsOfProxies] as const;
  return kinds
    .flatMap((kind) => objects.ofKind(kind))
    .filter((object) => object.namespace === namespace)
    .map(({ spec }) => ({
      ...asStringMap(asMap(spec['workloadSelector'])['labels']),
      ...asStringMap(asMap(spec['workloadSelector'])['matchLabels']),
      ...asStringMap(asMap(spec['selector'])['matchLabels']),
    }))
    .filter((labels) => Object.keys(labels).length > 0);
}
