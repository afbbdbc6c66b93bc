import { httpMatchLiterals, type Literal, matchPort, sourceLiterals } from '../conditions';
import type { Outcome, RuleRef } from '../outcome';
import { type Action, httpAction, tcpAction } from './action';
import type { MeshConfig, MeshVirtualService, SourcedRoute } from '../../model/mesh-model';
import { resolveGateway } from '../../model/gateways';
import { resolveHost } from '../../model/hosts';
import { asList, asName, asStrings, isMap, type JsonMap } from '../../json';

/** The result of a server's policies for a request. */
export interface PolicyVerdict {
  /** Undefined if the request is allowed. */
  status?: 401 | 403;
  why?: string;
  rule?: RuleRef;
  /** Why the result is unknown. */
  unknown?: string;
}

/** One Envoy route, made from one entry of a rule's `match`. */
export interface CompiledRoute {
  /** Conditions on the request and, in the mesh, on its client. All must hold. */
  when: Literal[];
  /** None of these conjunctions may hold. They exclude clients for which an earlier VirtualService has routes. */
  unless: Literal[][];
  /** Port of the listener that it applies to; undefined for every port. */
  port: number | undefined;
  action: Action;
  rule: RuleRef | undefined;
  /** Namespace of the VirtualService, where destinations are looked up first. */
  namespace: string;
  /** The results of the destinations' AuthorizationPolicies for these requests, by their steps. */
  verdicts?: ReadonlyMap<string, PolicyVerdict>;
  /** The outcome of these requests, regardless of the action. */
  fixed?: Outcome;
  /** Unknowns of the gateway's policies. */
  unknown?: string;
  /** Requests of the rule that policies have already taken. */
  except?: Literal[][];
}

/** A route without conditions on the request: istiod puts those last at gateways. */
export function isCatchAll(route: CompiledRoute): boolean {
  return route.when.every(
    ({ variable, test, negated }) => variable === 'path' && !negated && test.kind === 'regex' && test.value === '.*',
  );
}

const cache = new WeakMap<MeshVirtualService, Map<string, CompiledRoute[]>>();

/**
 * The routes of a VirtualService for one gateway (`namespace/name`, or `mesh`), in order; conditions on the client stay in them as literals (istio
 * pilot/pkg/networking/core/route/route.go, BuildHTTPRoutesForVirtualService). The action is shared by the matches of one rule.
 */
export function httpRoutes(virtualService: MeshVirtualService, gateway: string, config: MeshConfig): CompiledRoute[] {
  const byGateway = cache.get(virtualService) ?? new Map<string, CompiledRoute[]>();
  cache.set(virtualService, byGateway);
  const known = byGateway.get(gateway);
  if (known !== undefined) return known;
  const routes = virtualService.http.flatMap((sourced) => routesOf(sourced, virtualService, gateway, config));
  byGateway.set(gateway, routes);
  return routes;
}

function routesOf(
  sourced: SourcedRoute,
  { namespace }: MeshVirtualService,
  gateway: string,
  config: MeshConfig,
): CompiledRoute[] {
  const { route } = sourced;
  const action: Action = httpAction(
    route,
    (host) => resolveHost(host, sourced.namespace, config.domain),
    config.raw['defaultHttpRetryPolicy'],
  );
  const matches = asList(route['match']).filter(isMap);
  if (matches.length === 0) {
    return [{ when: [], unless: [], port: undefined, action, rule: ruleRef(sourced), namespace }];
  }
  return matches.flatMap((match, index) => {
    const gateways = asStrings(match['gateways']).map((name) => resolveGateway(name, sourced.namespace));
    if (gateways.length > 0 && !gateways.includes(gateway)) return [];
    const source = gateways.length > 0 ? [] : sourceLiterals(match);
    return [
      {
        when: [...source, ...httpMatchLiterals(match)],
        unless: [],
        port: matchPort(match),
        action,
        rule: ruleRef(sourced, matches.length > 1 ? index : undefined, match),
        namespace,
      },
    ];
  });
}

function ruleRef({ route, source, path }: SourcedRoute, matchIndex?: number, match?: JsonMap): RuleRef {
  const names = [asName(route['name']), asName(match?.['name'])].filter((name) => name !== undefined);
  return {
    kind: source.kind,
    namespace: source.namespace,
    name: source.name,
    path: matchIndex === undefined ? path : `${path}.match[${matchIndex}]`,
    ...(names.length === 0 ? {} : { route: names.join('.') }),
  };
}

/** A TCP or TLS rule with one of its matches. */
export interface L4Route extends CompiledRoute {
  /** Server names that it applies to; empty for TCP. */
  sniHosts: string[];
  /** CIDRs of destination addresses; empty for all. */
  subnets: string[];
}

/**
 * Rules of `tcp` or `tls` for one gateway (`namespace/name`, or `mesh`), in order. istiod leaves out a TLS rule without
 * a match.
 */
export function l4Routes(
  virtualService: MeshVirtualService,
  protocol: 'tcp' | 'tls',
  gateway: string,
  config: MeshConfig,
): L4Route[] {
  return virtualService[protocol].flatMap((sourced) => {
    const action = tcpAction(sourced.route, (host) => resolveHost(host, sourced.namespace, config.domain));
    const matches = asList(sourced.route['match']).filter(isMap);
    const common = { unless: [], action, namespace: virtualService.namespace };
    if (matches.length === 0) {
      const always = { ...common, when: [], port: undefined, rule: ruleRef(sourced), sniHosts: [], subnets: [] };
      return protocol === 'tcp' ? [always] : [];
    }
    return matches.flatMap((match, index) =>
      matchesGateway(match, gateway, sourced)
        ? [
            {
              ...common,
              when: sourceLiterals(match),
              port: matchPort(match),
              rule: ruleRef(sourced, matches.length > 1 ? index : undefined),
              sniHosts: asStrings(match['sniHosts']),
              subnets: asStrings(match['destinationSubnets']),
            },
          ]
        : [],
    );
  });
}

function matchesGateway(match: JsonMap, gateway: string, { namespace }: SourcedRoute): boolean {
  const gateways = asStrings(match['gateways']).map((name) => resolveGateway(name, namespace));
  return gateways.length === 0 || gateways.includes(gateway);
}
