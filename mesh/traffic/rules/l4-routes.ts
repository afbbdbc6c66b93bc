import type { MeshConfig, MeshVirtualService, SourcedRoute } from '../../model/mesh-model';
import { resolveGateway } from '../../model/gateways';
import { resolveHost } from '../../model/hosts';
import { asList, asStrings, isMap, type JsonMap } from '../../json';
import { matchPort, sourceLiterals } from '../matching/http-match';
import { tcpAction } from './action';
import type { CompiledRoute } from './compiled';
import { ruleRef } from './http-routes';

/** A TCP or TLS rule for one of its matches. */
export interface L4Route extends CompiledRoute {
  /** Server names it is for; empty for TCP. */
  sniHosts: string[];
  /** CIDRs of destination addresses; empty: all. */
  subnets: string[];
}

/** Rules of `tcp` or `tls` for one gateway (`namespace/name`, or `mesh`), in order. A TLS rule without a match is none, as istiod leaves it out. */
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
