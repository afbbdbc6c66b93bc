import type { KubernetesObject } from '../manifests/kubernetes';
import { meshModel, type MeshOptions } from '../model/mesh-model';
import { isHttp, isTls } from '../model/protocol';
import { noRoute, reset, unknownHost, unknownWords } from './answers';
import { corsOutcome } from './cors';
import { allHold, type Valuation } from './matching/literal';
import type { Outcome } from './outcome';
import type { Proxy } from './proxy';
import { plainOutcome } from './plain-client';
import type { ProxyView } from './proxy-view';
import { authorityHost, requestValuation, type Request } from './request';
import { redirectLocation, redirectStatus, rewrittenPath } from './rewrite';
import { ruleOutcome } from './rule-outcome';
import type { CompiledRoute } from './rules/compiled';
import { isTerminatedHttps, listenerPort, type BoundServer } from './tables/gateway-servers';
import {
  chainFor,
  gatewayTcpRoute,
  gatewayTlsChains,
  isTlsRouted,
  serviceL4Routes,
  sidecarL4Route,
  type SniChain,
} from './tables/l4-chains';
import { clientValuation } from './tables/gateway-table';
import { refusals } from './tables/refused-listener';
import { TrafficModel } from './traffic-model';

/** The routing model of a set of objects. */
export function trafficModel(objects: readonly KubernetesObject[], options?: MeshOptions): TrafficModel {
  return new TrafficModel(meshModel(objects, options));
}

/** What becomes of a request at a proxy, by istiod 1.30 and Envoy. Never throws. */
export function route(traffic: TrafficModel, proxy: Proxy, request: Request): Outcome {
  if (proxy.type === 'none') return plainOutcome(traffic.mesh, proxy, request);
  return proxy.type === 'gateway' ? atGateway(traffic, proxy, request) : atSidecar(traffic, proxy, request);
}

function atGateway(traffic: TrafficModel, proxy: Proxy, request: Request): Outcome {
  const listeners = traffic.gatewayListeners(proxy);
  const port = listenerPort(traffic.mesh, proxy, request.port);
  const listener = listeners.find((one) => one.port === port) ?? listeners.find((one) => one.port === request.port);
  if (listener === undefined) return reset(`no Gateway for this workload has a server on port ${request.port}`);
  const isTlsClient = request.protocol === 'https' || request.protocol === 'tls';
  if (!isTlsClient && request.protocol !== 'tcp' && listener.plainHttp.length > 0) {
    return inGatewayTable(traffic, proxy, listener.plainHttp, request);
  }
  if (!isTlsClient) {
    const plain = listener.chains.find(({ server }) => server.tls === undefined);
    const rule = plain && gatewayTcpRoute(plain, proxy, traffic.mesh);
    if (plain === undefined || rule === undefined) return reset(`no TCP rule for port ${request.port} of the gateway`);
    return ruleOutcome(rule, plain.server.port.number, traffic.gatewayView(proxy), traffic.mesh);
  }
  const chains = listener.chains.flatMap((bound) => gatewayChains(traffic, proxy, bound, request));
  const sni = request.sni ?? request.host;
  return chainFor(chains, sni)?.() ?? reset(`no server for the name ${sni} on port ${request.port} of the gateway`);
}

/** The ways in which a TLS server takes connections, by server name. */
function gatewayChains(
  traffic: TrafficModel,
  proxy: Proxy,
  bound: BoundServer,
  request: Request,
): SniChain<() => Outcome>[] {
  const { gateway, server } = bound;
  if (server.tls === undefined) return [];
  const view = traffic.gatewayView(proxy);
  const outcome = (rule: CompiledRoute) => (): Outcome => ruleOutcome(rule, server.port.number, view, traffic.mesh);
  if (isTlsRouted(bound)) {
    return gatewayTlsChains(bound, proxy, traffic.mesh).map(({ sniHosts, take }) => ({
      sniHosts,
      take: outcome(take),
    }));
  }
  const names = server.hosts.map((host) => host.slice(host.indexOf('/') + 1));
  const sniHosts = names.includes('*') ? [] : names;
  if (isTerminatedHttps(server)) return [{ sniHosts, take: () => inGatewayTable(traffic, proxy, [bound], request) }];
  const rule = gatewayTcpRoute(bound, proxy, traffic.mesh);
  return rule === undefined
    ? [{ sniHosts, take: () => reset(`no TCP rule for server ${server.path} of Gateway ${gateway.id}`) }]
    : [{ sniHosts, take: outcome(rule) }];
}

function inGatewayTable(
  traffic: TrafficModel,
  proxy: Proxy,
  servers: readonly BoundServer[],
  request: Request,
): Outcome {
  const host = authorityHost(request);
  const virtualHost = traffic.gatewayTable(proxy, servers).lookup(host);
  const gateways = [...new Set(servers.map(({ gateway }) => gateway.id))].join(', ');
  if (virtualHost === undefined) return noRoute(`no route for host ${host} on gateway ${gateways}`);
  if (virtualHost.requiresTls && request.protocol !== 'https') {
    const location = redirectLocation({ scheme: 'https' }, request);
    return { kind: 'redirect', status: 301, location, why: 'the server redirects to https (httpsRedirect)' };
  }
  const port = servers[0]?.server.port.number ?? request.port;
  const valuation = requestValuation(request, proxy);
  return (
    firstOutcome(virtualHost.routes, port, request, valuation, traffic.gatewayView(proxy), traffic) ??
    noRoute(`no rule for host ${host} matches this request on gateway ${gateways}`)
  );
}

function atSidecar(traffic: TrafficModel, proxy: Proxy, request: Request): Outcome {
  const scope = traffic.scope(proxy);
  const policy = scope.sidecar.outboundTrafficPolicy;
  const table = traffic.meshTable(scope, request.port);
  const listener = scope.listener(request.port);
  if (table === undefined || listener === undefined) {
    return unknownHost(unknownWords(request.host, request.port, undefined), policy, false);
  }
  const dialled = table.dialled(request.host.toLowerCase());
  const protocol = dialled?.ports.find(({ number }) => number === request.port)?.protocol;
  const unknown = (host: string): string =>
    unknownWords(host, request.port, protocol === undefined ? dialled : undefined);
  const speaksHttp = request.protocol === undefined || request.protocol === 'http';
  const client = clientValuation(proxy);
  if (
    dialled !== undefined &&
    protocol !== undefined &&
    !(isHttp(protocol) || (protocol === 'Unsupported' && speaksHttp))
  ) {
    const kind = isTls(protocol) ? 'tls' : 'tcp';
    const connection = { sni: request.sni ?? request.host, address: request.address };
    const routes = serviceL4Routes(dialled, listener.virtualServices, kind, request.port, traffic.mesh);
    const refused = kind === 'tls' ? refusals(dialled.hostname, routes) : [];
    const rule = refused.find(({ when }) => allHold(when, client)) ?? sidecarL4Route(routes, client, connection);
    if (rule === undefined) return reset(`no TLS rule of ${dialled.hostname} is for the server name ${connection.sni}`);
    return ruleOutcome(rule, request.port, scope, traffic.mesh);
  }
  if (!speaksHttp && protocol !== undefined) return reset(`port ${request.port} of ${request.host} carries plain HTTP`);
  if (protocol === undefined && !table.hasHttpListener()) return unknownHost(unknown(request.host), policy, false);
  const found =
    protocol === 'Unsupported' && dialled !== undefined
      ? table.forService(dialled)
      : table.lookup(authorityHost(request));
  const routes = found?.routes.filter((route) =>
    allHold(
      route.when.filter(({ variable }) => variable.startsWith('source ')),
      client,
    ),
  );
  const inTable = routes?.some((route) => !route.unless.some((conditions) => allHold(conditions, client))) === true;
  if (found === undefined || routes === undefined || !inTable) {
    return unknownHost(unknown(authorityHost(request)), policy, true);
  }
  const valuation = requestValuation(request, proxy);
  return (
    firstOutcome(routes, request.port, request, valuation, scope, traffic) ??
    noRoute(`no rule for host ${found.host} matches this request`)
  );
}

function firstOutcome(
  routes: readonly CompiledRoute[],
  port: number,
  request: Request,
  valuation: Valuation,
  view: ProxyView,
  traffic: TrafficModel,
): Outcome | undefined {
  const taken = routes.find(
    ({ when, unless }) => allHold(when, valuation) && !unless.some((conditions) => allHold(conditions, valuation)),
  );
  if (taken === undefined) return undefined;
  return corsOutcome(taken, request) ?? forRequest(ruleOutcome(taken, port, view, traffic.mesh), taken, request);
}

/** Adds what depends on the request itself: the path that a rewrite makes, the target of a redirect. */
function forRequest(outcome: Outcome, taken: CompiledRoute, request: Request): Outcome {
  if (outcome.redirect !== undefined) {
    const { redirect } = outcome;
    return { ...outcome, status: redirectStatus(redirect), location: redirectLocation(redirect, request) };
  }
  const path = outcome.kind === 'routed' ? rewrittenPath(outcome.rewrite, taken.when, request) : undefined;
  return path === undefined ? outcome : { ...outcome, path };
}
