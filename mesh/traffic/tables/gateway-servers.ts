import type { MeshGateway, MeshGatewayServer, MeshModel } from '../../model/mesh-model';
import { isHttp, parseProtocol } from '../../model/protocol';
import { hasLabels } from '../../model/workload-index';
import type { Proxy } from '../request';

/** A server together with its Gateway. */
export interface BoundServer {
  gateway: MeshGateway;
  server: MeshGatewayServer;
}

/** The servers on one port and address of a gateway. */
export interface GatewayListener {
  /** The pod's port, on which the proxy listens. */
  port: number;
  bind: string;
  /** Servers of plain HTTP, whose hosts share one table. */
  plainHttp: BoundServer[];
  /** TLS servers, distinguished by SNI, and at most one for plain TCP. */
  chains: BoundServer[];
}

/**
 * The servers of all Gateways that apply to a workload, merged as in istiod: the oldest Gateway wins a port. Plain HTTP
 * servers share a port, TLS servers share one as long as their hosts differ, and all others are left out (istio
 * pilot/pkg/model/gateway.go, mergeGateways).
 */
export function gatewayListeners(model: MeshModel, proxy: Proxy): GatewayListener[] {
  const listeners: GatewayListener[] = [];
  for (const gateway of model.gateways.selecting(proxy.labels)) {
    for (const server of gateway.servers)
      add(listeners, { gateway, server }, listenerPort(model, proxy, server.port.number));
  }
  return listeners;
}

/** The pod port for a Gateway's port: the target port of the gateway's own Service, else the same number. */
export function listenerPort(model: MeshModel, proxy: Proxy, port: number): number {
  for (const service of model.services.inNamespace(proxy.namespace)) {
    if (service.selector === undefined || !hasLabels(proxy.labels, service.selector)) continue;
    const found = service.ports.find(({ number }) => number === port);
    if (found === undefined) continue;
    if (typeof found.targetPort === 'number') return found.targetPort;
    const named = model.workloads
      .behind(service)
      .flatMap((workload) => workload.ports)
      .find(({ name }) => name === found.targetPort);
    if (named !== undefined) return named.number;
  }
  return port;
}

export function isPassthrough({ tls }: MeshGatewayServer): boolean {
  return tls?.['mode'] === 'PASSTHROUGH' || tls?.['mode'] === 'AUTO_PASSTHROUGH';
}

/** HTTPS that the gateway terminates. */
export function isTerminatedHttps(server: MeshGatewayServer): boolean {
  return server.tls !== undefined && parseProtocol(server.port.protocol) === 'HTTPS' && !isPassthrough(server);
}

function isPlainHttp({ port }: MeshGatewayServer): boolean {
  return isHttp(parseProtocol(port.protocol));
}

function add(listeners: GatewayListener[], bound: BoundServer, port: number): void {
  const { server } = bound;
  const samePort = listeners.filter((listener) => listener.port === port);
  const same = samePort.find(({ bind }) => bind === server.bind);
  if (server.tls !== undefined && same !== undefined && hostsTaken(same, server)) return;
  if (same === undefined) {
    listeners.push({
      port,
      bind: server.bind,
      plainHttp: isPlainHttp(server) ? [bound] : [],
      chains: isPlainHttp(server) ? [] : [bound],
    });
    return;
  }
  const plainTcp = same.chains.some((other) => other.server.tls === undefined);
  if (isPlainHttp(server)) {
    if (!plainTcp) same.plainHttp.push(bound);
    return;
  }
  // A plaintext server excludes every other protocol on its port.
  if (same.plainHttp.length > 0 || plainTcp) return;
  same.chains.push(bound);
}

function hostsTaken(listener: GatewayListener, server: MeshGatewayServer): boolean {
  return [...listener.chains, ...listener.plainHttp].some(
    (other) => other.server.tls !== undefined && other.server.hosts.some((host) => server.hosts.includes(host)),
  );
}
