import { isIP } from 'node:net';
import { type Client, clientOfWorkload, gatewayClients, workloadClient } from '../../mesh/traffic/classes/clients';
import { compareStrings } from '../../mesh/collections';
import { authorityHost, type Request } from '../../mesh/traffic/request';
import { route } from '../../mesh/traffic/route';
import type { TrafficModel } from '../../mesh/traffic/traffic-model';
import { type Entrance, entrances, entrancesFor } from '../../mesh/traffic/unfollowed';
import { nearest } from '../../policy/finding';
import { UserError } from '../errors';

/**
 * Who `--from` names: `gateway NAME` (a Gateway, or the workload it runs on; namespace/name where names repeat), `workload NAMESPACE/NAME`, a namespace, perhaps
 * with labels of the workload, or `plain NAMESPACE`, a client there without a sidecar. Without it: a workload of the mesh for a host of the mesh, else a gateway, one that serves the host if there is one.
 * @throws UserError naming what there is.
 */
export function sender(traffic: TrafficModel, from: string | undefined, request: Request): Client {
  if (from === undefined) return defaultSender(traffic, request);
  const [, kind, name = ''] = /^(gateway|workload|plain)[ :=](.+)$/.exec(from.trim()) ?? [];
  if (kind === 'gateway') return gateway(traffic, name.trim());
  if (kind === 'workload') return workload(traffic, name.trim());
  if (kind === 'plain') return plainClient(traffic, name.trim());
  const [, namespace, labels] =
    /^([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(?: ([^\s=,]+=[^\s=,]*(?:,[^\s=,]+=[^\s=,]*)*))?$/.exec(from.trim()) ?? [];
  if (namespace !== undefined) return inNamespace(traffic, namespace, labels);
  throw new UserError(
    `--from ${from}; write 'gateway NAME', 'workload NAMESPACE/NAME', 'plain NAMESPACE', a namespace, or 'NAMESPACE LABEL=VALUE,…'.`,
  );
}

function defaultSender(traffic: TrafficModel, request: Request): Client {
  const { mesh } = traffic;
  const host = authorityHost(request);
  const named = host.includes('.') ? (host.split('.')[1] ?? '') : namespaceOfService(traffic, host);
  const namespace = isIP(host) === 0 ? named : '';
  const proxy = { type: 'sidecar', namespace, labels: {} } as const;
  const inMesh =
    host.endsWith(`.svc.${mesh.config.domain}`) || traffic.dialled(proxy, host, request.port) !== undefined;
  const gateways = inMesh ? [] : gatewayClients(mesh);
  const serving = gateways.find((one) => !['noRoute', 'reset'].includes(route(traffic, one.proxy, request).kind));
  const [entrance] = inMesh || serving !== undefined ? [] : entrancesFor(mesh, host);
  if (entrance !== undefined) return entranceClient(entrance);
  return serving ?? gateways[0] ?? { title: 'workloads', proxy, given: [] };
}

/** Where requests come in that the model does not follow. */
function entranceClient({ title, namespace, names }: Entrance): Client {
  return { title, proxy: { type: 'gateway', namespace, labels: {}, unfollowed: names }, given: [] };
}

/** The namespace from which a short name means a service: the service's own. */
function namespaceOfService({ mesh }: TrafficModel, name: string): string {
  const namespaces = [...mesh.services.hosts()]
    .filter((host) => host.startsWith(`${name}.`) && host.includes('.svc.'))
    .map((host) => host.split('.')[1] ?? '');
  if (namespaces.length > 1) {
    throw new UserError(
      `${name} is a service of ${namespaces.join(', ')}; write ${name}.${namespaces[0] ?? ''}, or say --from which namespace.`,
    );
  }
  return namespaces[0] ?? 'default';
}

function gateway({ mesh }: TrafficModel, name: string): Client {
  const all = gatewayClients(mesh);
  const byWorkload = all.filter(({ title }) => title === `gateway ${name}` || title.endsWith(`/${name}`));
  if (byWorkload[0] !== undefined && byWorkload.length === 1) return byWorkload[0];
  const gateways = mesh.gateways.all.filter((one) => one.id === name || one.name === name);
  const [found, ...others] = byWorkload.length > 1 ? [] : gateways;
  if (found !== undefined && others.length === 0) {
    const [running] = mesh.gatewayWorkloads(found);
    const proxy = { namespace: running?.namespace ?? found.namespace, labels: running?.labels ?? found.selector ?? {} };
    return {
      title: `gateway ${running === undefined ? found.id : `${running.namespace}/${running.name}`}`,
      proxy: { type: 'gateway', ...proxy },
      given: [],
    };
  }
  const entrance = entrances(mesh).filter((one) => [one.name, `${one.namespace}/${one.name}`].includes(name));
  if (gateways.length + byWorkload.length === 0 && entrance[0] !== undefined) return entranceClient(entrance[0]);
  const unused = mesh.workloads.all.find(
    (one) => isGatewayPod(one.annotations) && [one.name, `${one.namespace}/${one.name}`].includes(name),
  );
  if (gateways.length + byWorkload.length === 0 && unused !== undefined) {
    const { namespace, labels, serviceAccount } = unused;
    return {
      title: `gateway ${namespace}/${unused.name}`,
      proxy: { type: 'gateway', namespace, labels, serviceAccount },
      given: [],
    };
  }
  const names = [
    ...new Set([...all.map(({ title }) => title.slice('gateway '.length)), ...mesh.gateways.all.map(({ id }) => id)]),
  ];
  const many = byWorkload.length + gateways.length > 1 ? 'there are several' : 'there is none';
  throw new UserError(`--from gateway ${name}: ${many} of that name; ${listed('gateways', names)}${hint(name, names)}`);
}

function workload({ mesh }: TrafficModel, name: string): Client {
  const [namespace = '', own, ...rest] = name.split('/');
  const found = own === undefined || rest.length > 0 ? undefined : mesh.workloads.get(namespace, own);
  if (found === undefined) {
    const names = mesh.workloads.all.map((one) => `${one.namespace}/${one.name}`);
    throw new UserError(
      `--from workload ${name}: there is none of that name; ${listed('workloads', names)}${hint(name, names)}`,
    );
  }
  return clientOfWorkload(mesh, found);
}

function isGatewayPod(annotations: Record<string, string>): boolean {
  return annotations['inject.istio.io/templates']?.split(',').includes('gateway') === true;
}

function inNamespace({ mesh }: TrafficModel, namespace: string, labels: string | undefined): Client {
  if (!mesh.namespaces.has(namespace)) {
    const names = [...mesh.namespaces.keys()];
    throw new UserError(
      `--from ${namespace}: no object is in that namespace; ${listed('namespaces', names)}${hint(namespace, names)}`,
    );
  }
  const pairs = (labels?.split(',') ?? []).map((pair) => pair.split('='));
  return workloadClient(namespace, Object.fromEntries(pairs) as Record<string, string>);
}

function plainClient(traffic: TrafficModel, namespace: string): Client {
  const { given } = inNamespace(traffic, namespace, undefined);
  return { title: `plain client of ${namespace}`, proxy: { type: 'none', namespace, labels: {} }, given };
}

function listed(noun: string, names: readonly string[]): string {
  if (names.length === 0) return `there are no ${noun}.`;
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return `there are the ${noun} ${[...names].sort(compareStrings).slice(0, 10).join(', ')}${more}.`;
}

function hint(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? '' : ` Did you mean ${near}?`;
}
