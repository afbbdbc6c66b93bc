import { clientOfWorkload, gatewayClients, workloadClient, type Client } from './classes/clients';
import { authorityHost, type Request } from './request';
import { route } from './route';
import type { TrafficModel } from './traffic-model';

const forms = "'gateway NAME', 'workload NAMESPACE/NAME', 'plain NAMESPACE', a namespace, or 'NAMESPACE LABEL=VALUE,…'";

/**
 * The sender that a name stands for: `gateway NAME`, `workload NAMESPACE/NAME`, `plain NAMESPACE` for a client without a sidecar, a namespace, or `NAMESPACE LABEL=VALUE,…`. Without a name: a workload of
 * the mesh for a host of the mesh, else a gateway that serves the host. A string says why there is none.
 */
export function clientNamed(traffic: TrafficModel, from: string | undefined, request: Request): Client | string {
  if (from === undefined) return defaultClient(traffic, request);
  const [, kind, name = ''] = /^(gateway|workload|plain)[ :=](.+)$/.exec(from.trim()) ?? [];
  if (kind === 'gateway') return gatewayNamed(traffic, name.trim());
  if (kind === 'workload') return workloadNamed(traffic, name.trim());
  const [, namespace, labels] =
    /^([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(?: ([^\s=,]+=[^\s=,]*(?:,[^\s=,]+=[^\s=,]*)*))?$/.exec(name || from.trim()) ??
    [];
  if (namespace === undefined) return `${JSON.stringify(from)} is no sender; write ${forms}`;
  if (kind === 'plain')
    return {
      title: `plain client of ${namespace}`,
      proxy: { type: 'none', namespace, labels: {} },
      given: workloadClient(namespace, {}).given,
    };
  const pairs = (labels?.split(',') ?? []).map((pair) => pair.split('='));
  return workloadClient(namespace, Object.fromEntries(pairs) as Record<string, string>);
}

function gatewayNamed({ mesh }: TrafficModel, name: string): Client | string {
  const all = gatewayClients(mesh);
  const found = all.filter(({ title }) => title === `gateway ${name}` || title.endsWith(`/${name}`));
  const gateways = mesh.gateways.all.filter((one) => one.id === name || one.name === name);
  const running = gateways
    .flatMap((one) => mesh.gatewayWorkloads(one))
    .map((one) => `gateway ${one.namespace}/${one.name}`);
  const ids = gateways.map(({ id }) => `gateway ${id}`);
  const clients = found.length > 0 ? found : all.filter(({ title }) => running.includes(title) || ids.includes(title));
  const [client, ...others] = clients;
  if (client !== undefined && others.length === 0) return client;
  const names = all.map(({ title }) => title.slice('gateway '.length));
  const there = names.length === 0 ? 'there are no gateways' : `the gateways are ${names.join(', ')}`;
  return `${client === undefined ? 'no gateway has' : 'several gateways have'} the name ${name}; ${there}`;
}

function workloadNamed({ mesh }: TrafficModel, name: string): Client | string {
  const [namespace = '', own = ''] = name.split('/');
  const found = mesh.workloads.get(namespace, own);
  if (found !== undefined) return clientOfWorkload(mesh, found);
  const names = mesh.workloads.all.map((one) => `${one.namespace}/${one.name}`);
  return `no workload has the name ${name}; ${names.length === 0 ? 'there are no workloads' : `the workloads are ${names.join(', ')}`}`;
}

function defaultClient(traffic: TrafficModel, request: Request): Client {
  const { mesh } = traffic;
  const host = authorityHost(request);
  const namespace = host.includes('.') ? (host.split('.')[1] ?? '') : namespaceOf(traffic, host);
  const proxy = { type: 'sidecar', namespace, labels: {} } as const;
  const isInMesh =
    host.endsWith(`.svc.${mesh.config.domain}`) ||
    traffic.meshTable(traffic.scope(proxy), request.port)?.dialled(host) !== undefined;
  const gateways = isInMesh ? [] : gatewayClients(mesh);
  const serving = gateways.find((one) => !['noRoute', 'reset'].includes(route(traffic, one.proxy, request).kind));
  return serving ?? gateways[0] ?? { title: 'workloads', proxy, given: [] };
}

/** The namespace from which a short name means a Service: the Service's own. */
function namespaceOf({ mesh }: TrafficModel, name: string): string {
  const host = [...mesh.services.hosts()].find((one) => one.startsWith(`${name}.`) && one.includes('.svc.'));
  return host?.split('.')[1] ?? 'default';
}
