import { gatewayClients } from '../../traffic/classes/clients';
import type { Proxy } from '../../traffic/proxy';
import type { TrafficModel } from '../../traffic/traffic-model';
import { nearest } from '../../policy/nearest';
import { UserError } from '../errors';

/** A proxy and how to name it. */
export interface Sender {
  title: string;
  proxy: Proxy;
}

/**
 * The proxy that `--from` names: `gateway NAME` (a Gateway, or the workload it runs on; namespace/name where names repeat), `workload NAMESPACE/NAME`, or a
 * namespace. Without it: the only gateway there is if it serves the host, else some workload of the mesh.
 * @throws UserError naming what there is.
 */
export function sender(traffic: TrafficModel, from: string | undefined, host: string): Sender {
  if (from === undefined) return defaultSender(traffic, host);
  const [, kind, name = ''] = /^(gateway|workload)[ :=](.+)$/.exec(from.trim()) ?? [];
  if (kind === 'gateway') return gateway(traffic, name.trim());
  if (kind === 'workload') return workload(traffic, name.trim());
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(from)) return inNamespace(traffic, from);
  throw new UserError(`--from ${from}; write 'gateway NAME', 'workload NAMESPACE/NAME' or a namespace.`);
}

function defaultSender({ mesh }: TrafficModel, host: string): Sender {
  const [gateway, ...more] = gatewayClients(mesh);
  const known =
    mesh.services.covering(host, '') !== undefined || !host.includes('.') || host.endsWith(mesh.config.domain);
  return gateway === undefined || more.length > 0 || known
    ? { title: 'workloads', proxy: { type: 'sidecar', namespace: namespaceOfHost(host), labels: {} } }
    : gateway;
}

/** A host `reviews.bookinfo` is asked for from its own namespace, which sees it in any case. */
function namespaceOfHost(host: string): string {
  return host.split('.')[1] ?? 'default';
}

function gateway({ mesh }: TrafficModel, name: string): Sender {
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
    };
  }
  const names = [
    ...new Set([...all.map(({ title }) => title.slice('gateway '.length)), ...mesh.gateways.all.map(({ id }) => id)]),
  ];
  const many = byWorkload.length + gateways.length > 1 ? 'there are several' : 'there is none';
  throw new UserError(`--from gateway ${name}: ${many} of that name; ${listed('gateways', names)}${hint(name, names)}`);
}

function workload({ mesh }: TrafficModel, name: string): Sender {
  const [namespace = '', own, ...rest] = name.split('/');
  const found = own === undefined || rest.length > 0 ? undefined : mesh.workloads.get(namespace, own);
  if (found === undefined) {
    const names = mesh.workloads.all.map((one) => `${one.namespace}/${one.name}`);
    throw new UserError(
      `--from workload ${name}: there is none of that name; ${listed('workloads', names)}${hint(name, names)}`,
    );
  }
  return { title: `workload ${name}`, proxy: { type: 'sidecar', namespace, labels: found.labels } };
}

function inNamespace({ mesh }: TrafficModel, namespace: string): Sender {
  if (!mesh.namespaces.has(namespace)) {
    const names = [...mesh.namespaces.keys()];
    throw new UserError(
      `--from ${namespace}: no object is in that namespace; ${listed('namespaces', names)}${hint(namespace, names)}`,
    );
  }
  return { title: `workloads of ${namespace}`, proxy: { type: 'sidecar', namespace, labels: {} } };
}

function listed(noun: string, names: readonly string[]): string {
  if (names.length === 0) return `there are no ${noun}.`;
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return `there are the ${noun} ${names.slice(0, 10).join(', ')}${more}.`;
}

function hint(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? '' : ` Did you mean ${near}?`;
}
