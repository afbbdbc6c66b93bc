import { asNumber } from '../../mesh/model/json';
import type { MeshModel } from '../../mesh/model/mesh-model';
import { records } from './read';
import type { WrittenRoute } from './routes';

/**
 * Ports at which requests for a rule come in, each once and in order: those its matches ask for, else those of its gateways' servers and of the Services that its hosts name. Undefined when one of
 * these is not among the objects. A destination without a port takes the port of the request, unless its Service has one only.
 */
export function listenerPorts(model: MeshModel, { virtualService, rule }: WrittenRoute): number[] | undefined {
  const matched = records(rule['match']).map(({ item }) => asNumber(item['port']));
  if (matched.length > 0 && matched.every((port) => port !== undefined)) return unique(matched);
  const found: number[] = [];
  for (const gateway of virtualService.hosts.length === 0 ? [] : virtualService.gateways) {
    const ports = gateway === 'mesh' ? servicePorts(model, virtualService) : gatewayPorts(model, gateway);
    if (ports === undefined) return undefined;
    found.push(...ports);
  }
  return found.length === 0 ? undefined : unique(found);
}

function gatewayPorts(model: MeshModel, id: string): number[] | undefined {
  return model.gateways.resolve(id, '')?.servers.map(({ port }) => port.number);
}

function servicePorts(model: MeshModel, { hosts, namespace }: WrittenRoute['virtualService']): number[] | undefined {
  const services = hosts.map((host) => model.services.seenFrom(host, namespace));
  if (services.includes(undefined)) return undefined;
  return services.flatMap((service) => service?.ports.map(({ number }) => number) ?? []);
}

function unique(ports: readonly number[]): number[] {
  return [...new Set(ports)].sort((a, b) => a - b);
}
