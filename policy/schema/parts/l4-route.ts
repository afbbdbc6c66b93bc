import { isHostWithin } from '../../../mesh/model/host-name';
import type { Place } from '../place';
import { error, shown, warning, type SchemaProblem } from '../problem';
import { isIpAddress, subnetProblems } from './addresses';
import { requiredDestinationProblems } from './destination';
import { gatewayNamesProblems } from './gateway-names';
import { wildcardDomainProblems } from './hosts';
import { labelsProblems } from './labels';
import { optionalPortProblems } from './numbers';

/** One rule of a VirtualService's `tcp`. */
export function tcpRouteProblems(route: Place): SchemaProblem[] {
  return [...route.at('match').items.flatMap(matchProblems), ...destinationsProblems(route)];
}

/** One rule of a VirtualService's `tls`: it needs SNI hosts, each within the hosts of the VirtualService. */
export function tlsRouteProblems(route: Place, hosts: readonly string[]): SchemaProblem[] {
  const match = route.at('match');
  return [
    ...(match.size === 0 ? [error(match, 'a tls rule needs a match with sniHosts')] : []),
    ...match.items.flatMap((one) => [...sniProblems(one.at('sniHosts'), hosts), ...matchProblems(one)]),
    ...destinationsProblems(route),
  ];
}

function matchProblems(match: Place): SchemaProblem[] {
  return [
    ...match.at('destinationSubnets').items.flatMap(subnetProblems),
    ...optionalPortProblems(match.at('port')),
    ...labelsProblems(match.at('sourceLabels')),
    ...gatewayNamesProblems(match.at('gateways')),
  ];
}

function sniProblems(sniHosts: Place, hosts: readonly string[]): SchemaProblem[] {
  if (sniHosts.size === 0) return [error(sniHosts, 'a tls match needs at least one SNI host')];
  return sniHosts.items.flatMap((sni) => {
    // What istiod makes for its own gateways between clusters is no domain name.
    const problems = sni.text.startsWith('outbound_') ? [] : wildcardDomainProblems(sni);
    if (isIpAddress(sni.text))
      return [warning(sni, `${shown(sni)} is an IP address, which clients do not send as SNI`)];
    if (problems.length > 0) return problems;
    if (hosts.some((host) => isHostWithin(sni.text, host))) return [];
    return [error(sni, `${shown(sni)} is none of the hosts of the VirtualService, which are ${hosts.join(', ')}`)];
  });
}

function destinationsProblems(route: Place): SchemaProblem[] {
  const list = route.at('route');
  if (list.size === 0) return [error(list, 'a rule needs at least one destination')];
  return list.items.flatMap(requiredDestinationProblems);
}
