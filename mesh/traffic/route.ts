import { asList, asMap, asString, isMap } from '../json';
import { allHold, matchesRegex, type Valuation } from './conditions';
import { noRoute, notTaken, type Outcome, reset, unknownHost, unknownWords } from './outcome';
import { authorityHost, isOpenFor, type Proxy, type Request, requestValuation } from './request';
import type { CompiledRoute } from './rules/routes';
import { isHttp, isTls } from '../model/protocol';
import { plainOutcome, ruleOutcome } from './rule-outcome';
import { redirectLocation, redirectStatus, rewrittenPath } from './rules/rewrites';
import { type BoundServer, clientValuation, isTerminatedHttps, listenerPort } from './tables/gateway-table';
import {
  chainFor,
  gatewayTcpRoute,
  gatewayTlsChains,
  isTlsRouted,
  refusals,
  serviceL4Routes,
  sidecarL4Route,
  type SniChain,
} from './tables/l4-chains';
import type { TrafficModel } from './traffic-model';
import { touchingGateway } from './entrances';
import { gatewaySteps, withTouching } from './unknowns';
import { verdictOf } from './policies';
import { refusal } from './policy-routes';
import { type Asking, withVerdicts } from './verdicts';

/** A preflight request whose origin the rule's corsPolicy allows is answered by the proxy; undefined for every other request. */
function corsOutcome({ action, rule }: CompiledRoute, request: Request): Outcome | undefined {
  if (action.cors === undefined || request.method !== 'OPTIONS') return undefined;
  const headers = new Map(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const origin = headers.get('origin');
  if (origin === undefined || !headers.has('access-control-request-method')) return undefined;
  const { allowOrigins, allowOrigin, unmatchedPreflights } = action.cors;
  const allowed =
    asList(allowOrigins).some((match) => matchesOrigin(match, origin)) ||
    asList(allowOrigin).some((one) => one === origin || one === '*');
  // With IGNORE the proxy also answers preflights of other origins, but without the headers that allow them.
  if (!allowed && unmatchedPreflights !== 'IGNORE') return undefined;
  return { kind: 'response', status: 200, why: 'a CORS preflight, which corsPolicy answers', ...(rule && { rule }) };
}

function matchesOrigin(match: unknown, origin: string): boolean {
  if (!isMap(match)) return false;
  const { exact, prefix, regex } = asMap(match);
  if (asString(exact) !== undefined) return exact === origin || exact === '*';
  if (asString(prefix) !== undefined) return origin.startsWith(asString(prefix) ?? '');
  return matchesRegex(asString(regex) ?? '', origin);
}

/** The outcome of a request at a proxy, with istiod 1.30 and Envoy. Never throws. */
export function route(traffic: TrafficModel, proxy: Proxy, request: Request): Outcome {
  if (proxy.unfollowed !== undefined) {
    const unknown = proxy.unfollowed.map((name) => `${name} is not modelled`);
    return { kind: 'unknown', why: unknown.join(', '), unknown };
  }
  if (proxy.type === 'none') return withUnknowns(traffic, proxy, request, plainOutcome(traffic, proxy, request));
  const outcome =
    proxy.type === 'gateway' ? allowedAtGateway(traffic, proxy, request) : atSidecar(traffic, proxy, request);
  return withUnknowns(traffic, proxy, request, outcome);
}

/** An outcome with the objects that can change it and are not modelled. */
function withUnknowns(traffic: TrafficModel, proxy: Proxy, request: Request, outcome: Outcome): Outcome {
  const host = authorityHost(request);
  const service = proxy.type === 'sidecar' ? traffic.dialled(proxy, request.host, request.port) : undefined;
  const atGate = proxy.type === 'gateway' ? touchingGateway(traffic.mesh, proxy, host) : [];
  return unknownAnswer(withTouching(traffic, proxy, service, outcome, atGate));
}

/** If a rule of an unknown kind decides first, the rules after it do not give the answer. */
function unknownAnswer(outcome: Outcome): Outcome {
  const answers = ['noRoute', 'reset', 'blackHole', 'passthrough'];
  if (outcome.unknown === undefined || !answers.includes(outcome.kind)) return outcome;
  return { kind: 'unknown', why: outcome.unknown.join(', '), unknown: outcome.unknown };
}

/** The policies of a gateway come before its routes. */
function allowedAtGateway(traffic: TrafficModel, proxy: Proxy, request: Request): Outcome {
  const steps = gatewaySteps(traffic, proxy, request.port, request.protocol !== 'tcp' && request.protocol !== 'tls');
  const verdict = verdictOf(steps, requestValuation(request, proxy), isOpenFor(request, proxy));
  const listens = traffic.gatewayListeners(proxy).length > 0;
  if (verdict.status !== undefined && listens) return refusal(verdict);
  const outcome = atGateway(traffic, proxy, request);
  return verdict.unknown === undefined
    ? outcome
    : { ...outcome, unknown: [verdict.unknown, ...(outcome.unknown ?? [])] };
}

function atGateway(traffic: TrafficModel, proxy: Proxy, request: Request): Outcome {
  const listeners = traffic.gatewayListeners(proxy);
  if (traffic.mesh.gateways.selecting(proxy.labels).length === 0 && !traffic.mesh.complete) {
    const why = 'no Gateway that selects this workload is in the input';
    return { kind: 'unknown', why, unknown: [why] };
  }
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
    return connectionOutcome(rule, plain.server.port.number, proxy, request, traffic);
  }
  const chains = listener.chains.flatMap((bound) => gatewayChains(traffic, proxy, bound, request));
  const sni = request.sni ?? request.host;
  return chainFor(chains, sni)?.() ?? reset(`no server for the name ${sni} on port ${request.port} of the gateway`);
}

/** The filter chains of a TLS server, by server name. */
function gatewayChains(
  traffic: TrafficModel,
  proxy: Proxy,
  bound: BoundServer,
  request: Request,
): SniChain<() => Outcome>[] {
  const { gateway, server } = bound;
  if (server.tls === undefined) return [];
  const outcome = (rule: CompiledRoute) => (): Outcome =>
    connectionOutcome(rule, server.port.number, proxy, request, traffic);
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
    firstOutcome(virtualHost.routes, request, valuation, askingOf(traffic, proxy, port)) ??
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
    const speaksTls = request.protocol === 'tls' || request.protocol === 'https';
    const connection = { sni: speaksTls ? (request.sni ?? request.host) : undefined, address: request.address };
    const routes = serviceL4Routes(dialled, listener.virtualServices, kind, request.port, traffic.mesh);
    const refused = kind === 'tls' ? refusals(dialled.hostname, routes) : [];
    const rule = refused.find(({ when }) => allHold(when, client)) ?? sidecarL4Route(routes, client, connection);
    if (rule === undefined) {
      const what = speaksTls
        ? `applies to the server name ${connection.sni ?? ''}`
        : 'applies to a connection without TLS';
      return notTaken(`no TLS rule of ${dialled.hostname} ${what}`, policy);
    }
    return connectionOutcome(rule, request.port, proxy, request, traffic);
  }
  if (!speaksHttp && protocol !== undefined)
    return notTaken(`port ${request.port} of ${request.host} carries plain HTTP`, policy);
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
    firstOutcome(routes, request, valuation, askingOf(traffic, proxy, request.port)) ??
    noRoute(`no rule for host ${found.host} matches this request`)
  );
}

function askingOf(traffic: TrafficModel, caller: Proxy, port: number): Asking {
  return { caller, port, view: traffic.view(caller), model: traffic.mesh };
}

/** The outcome of a connection that a TCP or TLS rule takes. */
function connectionOutcome(
  rule: CompiledRoute,
  port: number,
  proxy: Proxy,
  request: Request,
  traffic: TrafficModel,
): Outcome {
  const asking = askingOf(traffic, proxy, port);
  return ruleOutcome(withVerdicts(rule, asking, requestValuation(request, proxy), isOpenFor(request, proxy)), asking);
}

function firstOutcome(
  routes: readonly CompiledRoute[],
  request: Request,
  valuation: Valuation,
  asking: Asking,
): Outcome | undefined {
  const taken = routes.find(
    ({ when, unless }) => allHold(when, valuation) && !unless.some((conditions) => allHold(conditions, valuation)),
  );
  if (taken === undefined) return undefined;
  const decided = withVerdicts(taken, asking, valuation, isOpenFor(request, asking.caller));
  return corsOutcome(taken, request) ?? forRequest(ruleOutcome(decided, asking), taken, request);
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
