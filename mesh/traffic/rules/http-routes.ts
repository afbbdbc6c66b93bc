import type { MeshConfig, MeshVirtualService, SourcedRoute } from '../../model/mesh-model';
import { resolveGateway } from '../../model/gateways';
import { resolveHost } from '../../model/hosts';
import { asList, asName, asStrings, isMap, type JsonMap } from '../../json';
import { httpMatchLiterals, matchPort, sourceLiterals } from '../matching/http-match';
import type { RuleRef } from '../outcome';
import { httpAction, type Action } from './action';
import type { CompiledRoute } from './compiled';

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

export function ruleRef({ route, source, path }: SourcedRoute, matchIndex?: number, match?: JsonMap): RuleRef {
  const names = [asName(route['name']), asName(match?.['name'])].filter((name) => name !== undefined);
  return {
    kind: source.kind,
    namespace: source.namespace,
    name: source.name,
    path: matchIndex === undefined ? path : `${path}.match[${matchIndex}]`,
    ...(names.length === 0 ? {} : { route: names.join('.') }),
  };
}
