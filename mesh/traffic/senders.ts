import { compareStrings } from '../collections';
import { asList, asMap, asNumber } from '../json';
import { describesNamespaces, namespaceExists } from '../model/externals';
import type { MeshModel, MeshWorkload } from '../model/mesh-model';
import { hasNoProxy } from '../model/mutual-tls';
import { hasLabels } from '../model/workload-index';
import { nearest } from '../strings';
import { type Client, clientOfWorkload, gatewayClients, workloadClient } from './classes/clients';
import { isAddress } from './conditions';
import { authorityHost, type Request } from './request';
import { route } from './route';
import type { TrafficModel } from './traffic-model';
import { type Entrance, entrances, entrancesFor } from './entrances';

/** A request and its sender. */
export interface SentRequest {
  client: Client;
  request: Request;
}

/** A port of every node that leads to a port of a Service. */
export interface NodePort {
  namespace: string;
  service: string;
  port: number;
  nodePort: number;
  /** The `HOST:PORT` where this machine reaches it. */
  address?: string;
}

const forms = "'gateway NAME', 'workload NAMESPACE/NAME', 'plain NAMESPACE', a namespace, or 'NAMESPACE LABEL=VALUE,…'";

/**
 * A request from the sender that `from` names, or a string that says why there is no such sender. The names are:
 * - `gateway NAME`: a Gateway or the workload it runs on (namespace/name where names repeat), a Gateway of the Gateway API, or an Ingress
 * - `workload NAMESPACE/NAME`
 * - `plain NAMESPACE`: a client without a sidecar
 * - a namespace, perhaps with labels of the workload
 *
 * Without a name it is a workload of the mesh for a host of the mesh, else a gateway, preferably one that serves the host. A request to a node port gets the host
 * and the port that the gateway behind it sees.
 * @param nodePorts - node ports that no object states
 */
export function sentRequest(
  traffic: TrafficModel,
  from: string | undefined,
  request: Request,
  nodePorts: readonly NodePort[] = [],
): SentRequest | string {
  const mayBeOutside = from === undefined || from.trim().startsWith('gateway');
  const atGateway = mayBeOutside
    ? behindNodePort(traffic, request, [...nodePortsOf(traffic), ...nodePorts])
    : undefined;
  if (from === undefined && atGateway !== undefined) return atGateway;
  const sent = atGateway?.request ?? request;
  const client = from === undefined ? defaultSender(traffic, sent) : senderNamed(traffic, from.trim());
  return typeof client === 'string' ? client : { client, request: sent };
}

function senderNamed(traffic: TrafficModel, from: string): Client | string {
  const [, kind, name = ''] = /^(gateway|workload|plain)[ :=](.+)$/.exec(from) ?? [];
  if (kind === 'gateway') return gatewayNamed(traffic, name.trim());
  if (kind === 'workload') return workloadNamed(traffic, name.trim());
  if (kind === 'plain') return plainClient(traffic, name.trim());
  const [, namespace, labels] =
    /^([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(?: ([^\s=,]+=[^\s=,]*(?:,[^\s=,]+=[^\s=,]*)*))?$/.exec(from) ?? [];
  return namespace === undefined
    ? `${JSON.stringify(from)} is not a sender; write ${forms}`
    : inNamespace(traffic, namespace, labels);
}

function defaultSender(traffic: TrafficModel, request: Request): Client | string {
  const { mesh } = traffic;
  const host = authorityHost(request);
  const owners = host.includes('.') ? [host.split('.')[1] ?? ''] : ownersOf(traffic, host);
  const [namespace = 'default', ...others] = isAddress(host) ? [''] : owners;
  if (others.length > 0)
    return `${host} is a service of ${owners.join(', ')}; write ${host}.${namespace}, or name the sender's namespace`;
  const proxy = { type: 'sidecar', namespace, labels: {} } as const;
  const inMesh =
    host.endsWith(`.svc.${mesh.config.domain}`) || traffic.dialled(proxy, host, request.port) !== undefined;
  const gateways = inMesh ? [] : gatewayClients(mesh);
  const serving = gateways.find((one) => !['noRoute', 'reset'].includes(route(traffic, one.proxy, request).kind));
  const [entrance] = inMesh || serving !== undefined ? [] : entrancesFor(mesh, host);
  if (entrance !== undefined) return entranceClient(entrance);
  return serving ?? gateways[0] ?? { title: 'workloads', proxy, given: [] };
}

/** Entrances for requests that are not modelled. */
function entranceClient({ title, namespace, names }: Entrance): Client {
  return { title, proxy: { type: 'gateway', namespace, labels: {}, unfollowed: names }, given: [] };
}

/** The namespaces that have a Service of this name. From its own namespace, a short name means a Service. */
function ownersOf({ mesh }: TrafficModel, name: string): string[] {
  return [...mesh.services.hosts()]
    .filter((host) => host.startsWith(`${name}.`) && host.includes('.svc.'))
    .map((host) => host.split('.')[1] ?? '');
}

function gatewayNamed({ mesh }: TrafficModel, name: string): Client | string {
  const isNamed = (one: { namespace: string; name: string }): boolean =>
    [one.name, `${one.namespace}/${one.name}`].includes(name);
  const all = gatewayClients(mesh);
  const byWorkload = all.filter(({ title }) => title === `gateway ${name}` || title.endsWith(`/${name}`));
  if (byWorkload[0] !== undefined && byWorkload.length === 1) return byWorkload[0];
  const gateways = mesh.gateways.all.filter(isNamed);
  const [found, ...others] = byWorkload.length > 1 ? [] : gateways;
  const [running] = found === undefined ? [] : mesh.gatewayWorkloads(found);
  const title = running === undefined ? found?.id : `${running.namespace}/${running.name}`;
  const client = others.length > 0 ? undefined : all.find((one) => one.title === `gateway ${title ?? ''}`);
  if (client !== undefined) return client;
  if (gateways.length + byWorkload.length === 0) {
    const entrance = entrances(mesh).find(isNamed);
    if (entrance !== undefined) return entranceClient(entrance);
    const unused = mesh.workloads.all.find((one) => isGatewayPod(one.annotations) && isNamed(one));
    if (unused !== undefined) {
      const { namespace, labels, serviceAccount } = unused;
      const proxy = { type: 'gateway', namespace, labels, serviceAccount } as const;
      return { title: `gateway ${namespace}/${unused.name}`, proxy, given: [] };
    }
  }
  const names = [
    ...all.map(({ title }) => title.slice('gateway '.length)),
    ...mesh.gateways.all.map(({ id }) => id),
    ...entrances(mesh).map((one) => `${one.namespace}/${one.name}`),
  ];
  return noSuch('gateway', name, names, byWorkload.length + gateways.length > 1);
}

function isGatewayPod(annotations: Record<string, string>): boolean {
  return annotations['inject.istio.io/templates']?.split(',').includes('gateway') === true;
}

function workloadNamed({ mesh }: TrafficModel, name: string): Client | string {
  const [namespace = '', own, ...rest] = name.split('/');
  const found = own === undefined || rest.length > 0 ? undefined : mesh.workloads.get(namespace, own);
  if (found !== undefined) return clientOfWorkload(mesh, found);
  const names = mesh.workloads.all.map((one) => `${one.namespace}/${one.name}`);
  return noSuch('workload', name, names);
}

/** A namespace that is not in the input may still exist, unless the input shows which namespaces exist. */
function inNamespace({ mesh }: TrafficModel, namespace: string, labels: string | undefined): Client | string {
  if (describesNamespaces(mesh) && !namespaceExists(mesh, namespace))
    return noSuch('namespace', namespace, [...mesh.namespaces.keys()]);
  const pairs = (labels?.split(',') ?? []).map((pair) => pair.split('='));
  const wanted = Object.fromEntries(pairs) as Record<string, string>;
  return withProxyOf(mesh, workloadClient(namespace, wanted), mesh.workloads.selectedBy(wanted, namespace));
}

/** Workloads as senders. None of them has a sidecar, or all of them are in ambient mode; otherwise a sidecar sends. */
function withProxyOf(mesh: MeshModel, client: Client, workloads: readonly MeshWorkload[]): Client {
  const { namespace } = client.proxy;
  const isAmbient =
    workloads.length === 0
      ? mesh.namespaces.get(namespace)?.labels['istio.io/dataplane-mode'] === 'ambient'
      : workloads.every(({ proxy }) => proxy === 'ambient');
  if (isAmbient) return { ...client, proxy: { ...client.proxy, unfollowed: [`ambient mode of ${namespace}`] } };
  const isPlain = workloads.length > 0 && workloads.every((workload) => hasNoProxy(mesh, workload));
  return isPlain ? { ...client, proxy: { ...client.proxy, type: 'none' } } : client;
}

function plainClient(traffic: TrafficModel, namespace: string): Client | string {
  const client = inNamespace(traffic, namespace, undefined);
  if (typeof client === 'string') return client;
  const proxy = { type: 'none', namespace, labels: {} } as const;
  return { title: `plain client of ${namespace}`, proxy, given: client.given };
}

function noSuch(noun: string, name: string, names: readonly string[], isAmbiguous = false): string {
  const all = [...new Set(names)].sort(compareStrings);
  const more = all.length > 10 ? ` and ${all.length - 10} more` : '';
  const known = all.length === 0 ? `there are no ${noun}s` : `the ${noun}s are ${all.slice(0, 10).join(', ')}${more}`;
  const near = isAmbiguous ? undefined : nearest(name, all);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return `${isAmbiguous ? `several ${noun}s have` : `no ${noun} has`} the name ${name}; ${known}${hint}`;
}

/** Whether a host is the address of a node. Any address may be one: only the cluster knows which addresses its nodes have. */
export function isNodeAddress(host: string): boolean {
  return host === 'localhost' || isAddress(host.replace(/^\[(.*)\]$/, '$1'));
}

/**
 * A request to the address of a node and a gateway's node port, as the gateway gets it; undefined for any other
 * request.
 */
function behindNodePort(
  { mesh }: TrafficModel,
  request: Request,
  nodePorts: readonly NodePort[],
): SentRequest | undefined {
  if (!isNodeAddress(request.host)) return undefined;
  const leadsTo = nodePorts.filter(
    ({ nodePort, address }) => nodePort === request.port || address?.endsWith(`:${request.port}`) === true,
  );
  for (const { namespace, service: name, port } of leadsTo) {
    const selector = mesh.services.inNamespace(namespace).find((service) => service.name === name)?.selector;
    const client = gatewayClients(mesh).find(
      ({ proxy }) => selector !== undefined && proxy.namespace === namespace && hasLabels(proxy.labels, selector),
    );
    if (client === undefined) continue;
    const headers = { host: `${request.host}:${request.port}`, ...request.headers };
    return { client, request: { ...request, port, headers } };
  }
  return undefined;
}

/** The node ports that Services state. */
function nodePortsOf({ mesh }: TrafficModel): NodePort[] {
  return mesh.objects.ofKind('Service').flatMap(({ namespace, name, spec }) =>
    asList(spec['ports']).flatMap((entry) => {
      const { port, nodePort } = asMap(entry);
      const [number, ofNode] = [asNumber(port), asNumber(nodePort)];
      return number === undefined || ofNode === undefined
        ? []
        : [{ namespace, service: name, port: number, nodePort: ofNode }];
    }),
  );
}
