import { hostsOverlap } from '../../../mesh/model/hosts';
import { isIpAddress, whyNoWildcardDomain, wildcardDomainProblems } from '../parts/hosts';
import { exportToProblems, gatewayNamesProblems } from '../parts/names';
import { isClaim } from '../parts/http-actions';
import { httpRouteProblems, tcpRouteProblems, tlsRouteProblems } from '../parts/routes';
import { type FieldPlace, error, shown, when, type SchemaProblem } from '../place';

/** The virtual gateway that stands for all sidecars. */
const mesh = 'mesh';

/** A condition that is null would be dropped, and the rule would match more requests than it seems to. */
function nullProblems(route: FieldPlace): SchemaProblem[] {
  return route
    .at('match')
    .nulls.map((place) => error(place, 'is null, which is not a condition; write a value or remove the key'));
}

export function virtualServiceProblems(spec: FieldPlace, namespace: string): SchemaProblem[] {
  const hosts = spec.at('hosts').items.map(({ text }) => text);
  const inDelegate = hosts.length === 0;
  const gateways = spec.at('gateways');
  const atGatewayOnly = gateways.size > 0 && !gateways.items.some(({ text }) => text === mesh);
  return [
    ...(inDelegate ? delegateProblems(spec) : []),
    ...gatewayNamesProblems(gateways),
    ...(atGatewayOnly ? [] : claimProblems(spec)),
    ...hostsProblems(spec, atGatewayOnly),
    ...when(
      ['http', 'tcp', 'tls'].every((field) => spec.at(field).size === 0),
      () => error(spec, 'one of http, tcp and tls is required'),
    ),
    ...['http', 'tls', 'tcp'].flatMap((field) => spec.at(field).items.flatMap(nullProblems)),
    ...spec.at('http').items.flatMap((route) => httpRouteProblems(route, inDelegate)),
    ...spec.at('tls').items.flatMap((route) => tlsRouteProblems(route, hosts)),
    ...spec.at('tcp').items.flatMap(tcpRouteProblems),
    ...exportToProblems(spec.at('exportTo'), { namespace }),
  ];
}

/** A VirtualService without hosts is a delegate, which can only have http rules. */
function delegateProblems(spec: FieldPlace): SchemaProblem[] {
  return ['gateways', 'tls', 'tcp']
    .map((field) => spec.at(field))
    .filter(({ size }) => size > 0)
    .map((place) => error(place, 'a VirtualService without hosts is a delegate and must not have it'));
}

/** Only gateways validate the JWT, and so know its claims, before they route. */
function claimProblems(spec: FieldPlace): SchemaProblem[] {
  return spec
    .at('http')
    .items.flatMap((route) =>
      route
        .at('match')
        .items.flatMap((match) =>
          [...match.at('headers').entries, ...match.at('withoutHeaders').entries]
            .filter(({ key }) => isClaim(key))
            .map(({ place }) =>
              error(place, 'routing by JWT claims works at gateways only; name the gateways and leave out "mesh"'),
            ),
        ),
    );
}

function hostsProblems(spec: FieldPlace, atGatewayOnly: boolean): SchemaProblem[] {
  const places = spec.at('hosts').items;
  // What istiod makes for gateways between clusters, outbound_.<port>_.<subset>_.<host>, is not a domain name.
  const isGenerated = (host: string): boolean => atGatewayOnly && /^outbound_\.\d+_\.[^_]*_\.[a-zA-Z]/.test(host);
  const problems = places.flatMap((place) => {
    if (isIpAddress(place.text) || isGenerated(place.text)) return [];
    if (place.text === '*' && !atGatewayOnly)
      return [error(place, '"*" is not allowed for the sidecars of the mesh; name the hosts, or bind to a gateway')];
    return wildcardDomainProblems(place);
  });
  return [...problems, ...repeatedHosts(places.filter(({ text }) => whyNoWildcardDomain(text) === undefined))];
}

function repeatedHosts(places: FieldPlace[]): SchemaProblem[] {
  return places.flatMap((place, index) => {
    const earlier = places.slice(0, index).find(({ text }) => hostsOverlap(text, place.text));
    return earlier === undefined
      ? []
      : [error(place, `${shown(place)} overlaps with ${shown(earlier)}; each host may be given once`)];
  });
}
