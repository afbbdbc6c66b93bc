import { type FieldPlace, error, shown, warning, when, type SchemaProblem } from '../place';
import {
  corsProblems,
  directResponseProblems,
  redirectProblems,
  rewriteProblems,
  faultProblems,
  headersProblems,
  isAuthority,
  retriesProblems,
  matchedHeaderProblems,
} from './http-actions';
import { durationProblems, optionalPortProblems, regexProblems, stringMatchProblems, portProblems } from './values';
import { gatewayNamesProblems, labelsProblems } from './names';
import { isDnsLabel, isIpAddress, subnetProblems, wildcardDomainProblems } from './hosts';
import { isHostWithin } from '../../../mesh/model/hosts';

/**
 * One rule of a VirtualService's `http`.
 * @param inDelegate - whether the VirtualService has no hosts, so that others can delegate to it
 */
export function httpRouteProblems(route: FieldPlace, inDelegate: boolean): SchemaProblem[] {
  return [
    ...actionProblems(route, inDelegate),
    ...route.at('match').items.flatMap(httpMatchProblems),
    ...headersProblems(route.at('headers')),
    ...corsProblems(route.at('corsPolicy')),
    ...faultProblems(route.at('fault')),
    ...mirrorProblems(route),
    ...redirectProblems(route.at('redirect')),
    ...directResponseProblems(route.at('directResponse')),
    ...retriesProblems(route.at('retries')),
    ...rewriteProblems(route.at('rewrite')),
    ...authorityProblems(route),
    ...route
      .at('route')
      .items.flatMap((destination) => [
        ...requiredDestinationProblems(destination),
        ...headersProblems(destination.at('headers')),
      ]),
    ...durationProblems(route.at('timeout')),
  ];
}

/** The action of a rule: exactly one of delegate, redirect, directResponse and route, with the fields it allows. */
function actionProblems(route: FieldPlace, inDelegate: boolean): SchemaProblem[] {
  const set = (field: string): boolean => route.at(field).isSet;
  if (set('delegate') && !inDelegate) {
    return ['redirect', 'route']
      .filter(set)
      .map((field) => error(route.at(field), 'a rule that delegates must not have it; the delegate decides'));
  }
  const problems = when(set('delegate'), () => error(route.at('delegate'), 'a delegate cannot delegate again'));
  const answer = ['redirect', 'directResponse'].find(set);
  if (answer === undefined) {
    problems.push(
      ...when(route.at('route').size === 0, () =>
        error(route, 'one of route, redirect and directResponse is required'),
      ),
    );
  } else {
    const excluded = ['route', 'fault', 'rewrite', 'directResponse'].filter(
      (field) => field !== answer && (field === 'route' ? route.at(field).size > 0 : set(field)),
    );
    problems.push(...excluded.map((field) => error(route.at(field), `cannot be set together with ${answer}`)));
  }
  const mirrored = set('mirror') && route.at('mirrors').size > 0;
  return [
    ...problems,
    ...when(mirrored, () => error(route.at('mirrors'), 'only one of mirror and mirrors can be set')),
  ];
}

function mirrorProblems(route: FieldPlace): SchemaProblem[] {
  const old = route.at('mirrorPercent').isSet ? route.at('mirrorPercent') : route.at('mirror_percent');
  return [
    ...destinationProblems(route.at('mirror')),
    ...mirrorPercentProblems(route.at('mirrorPercentage', 'value')),
    ...route
      .at('mirrors')
      .items.flatMap((mirror) => [
        ...requiredDestinationProblems(mirror),
        ...mirrorPercentProblems(mirror.at('percentage', 'value')),
      ]),
    ...when(old.number > 100, () => error(old, `${shown(old)} is not a percentage; allowed are 0 to 100`)),
    ...when(old.isSet, () => warning(old, 'is deprecated; use mirrorPercentage: {value: …}')),
  ];
}

function mirrorPercentProblems(value: FieldPlace): SchemaProblem[] {
  return when(value.number < 0 || value.number > 100, () =>
    error(value, `${shown(value)} is not a percentage; allowed are 0 to 100`),
  );
}

/** Only one field may change the authority of a request. */
function authorityProblems(route: FieldPlace): SchemaProblem[] {
  const headers = ['set', 'add']
    .flatMap((operation) => route.at('headers', 'request', operation).entries)
    .filter(({ key }) => isAuthority(key));
  const writers = [route.at('rewrite', 'authority'), ...headers.map(({ place }) => place)].filter(
    ({ text }) => text !== '',
  );
  return writers.slice(1).map((place) => error(place, `the authority is already changed at ${writers[0]?.path ?? ''}`));
}

function httpMatchProblems(match: FieldPlace): SchemaProblem[] {
  const { uri, sourceNamespace } = { uri: match.at('uri'), sourceNamespace: match.at('sourceNamespace') };
  return [
    ...match
      .at('headers')
      .entries.flatMap(({ key, place }) => [...matchedHeaderProblems(key, place), ...stringMatchProblems(place)]),
    // "*" means that the header is present, and is not a regex.
    ...match
      .at('withoutHeaders')
      .entries.flatMap(({ key, place }) => [
        ...matchedHeaderProblems(key, place),
        ...(place.at('regex').text === '*' ? [] : stringMatchProblems(place)),
      ]),
    ...match.at('queryParams').entries.flatMap(({ place }) => stringMatchProblems(place)),
    // An empty uri prefix is allowed: it is every path.
    ...(uri.at('regex').isSet ? regexProblems(uri.at('regex')) : []),
    ...['scheme', 'method', 'authority'].flatMap((field) => stringMatchProblems(match.at(field))),
    ...optionalPortProblems(match.at('port')),
    ...labelsProblems(match.at('sourceLabels')),
    ...gatewayNamesProblems(match.at('gateways')),
    ...when(sourceNamespace.text !== '' && !isDnsLabel(sourceNamespace.text), () =>
      error(sourceNamespace, `${shown(sourceNamespace)} is not a valid namespace`),
    ),
  ];
}

/** One rule of a VirtualService's `tcp`. */
export function tcpRouteProblems(route: FieldPlace): SchemaProblem[] {
  return [...route.at('match').items.flatMap(matchProblems), ...destinationsProblems(route)];
}

/** One rule of a VirtualService's `tls`: it needs SNI hosts, each within the hosts of the VirtualService. */
export function tlsRouteProblems(route: FieldPlace, hosts: readonly string[]): SchemaProblem[] {
  const match = route.at('match');
  return [
    ...(match.size === 0 ? [error(match, 'a tls rule needs a match with sniHosts')] : []),
    ...match.items.flatMap((one) => [...sniProblems(one.at('sniHosts'), hosts), ...matchProblems(one)]),
    ...destinationsProblems(route),
  ];
}

function matchProblems(match: FieldPlace): SchemaProblem[] {
  return [
    ...match.at('destinationSubnets').items.flatMap(subnetProblems),
    ...optionalPortProblems(match.at('port')),
    ...labelsProblems(match.at('sourceLabels')),
    ...gatewayNamesProblems(match.at('gateways')),
  ];
}

function sniProblems(sniHosts: FieldPlace, hosts: readonly string[]): SchemaProblem[] {
  if (sniHosts.size === 0) return [error(sniHosts, 'a tls match needs at least one SNI host')];
  return sniHosts.items.flatMap((sni) => {
    // The names that istiod uses for its own gateways between clusters are not domain names.
    const problems = sni.text.startsWith('outbound_') ? [] : wildcardDomainProblems(sni);
    if (isIpAddress(sni.text))
      return [warning(sni, `${shown(sni)} is an IP address, which clients do not send as SNI`)];
    if (problems.length > 0) return problems;
    if (hosts.some((host) => isHostWithin(sni.text, host))) return [];
    return [error(sni, `${shown(sni)} is none of the hosts of the VirtualService, which are ${hosts.join(', ')}`)];
  });
}

function destinationsProblems(route: FieldPlace): SchemaProblem[] {
  const list = route.at('route');
  if (list.size === 0) return [error(list, 'a rule needs at least one destination')];
  return list.items.flatMap(requiredDestinationProblems);
}

/** A required Destination. */
function requiredDestinationProblems(parent: FieldPlace): SchemaProblem[] {
  const destination = parent.at('destination');
  return destination.isSet ? destinationProblems(destination) : [error(destination, 'a destination is required')];
}

/** An optional Destination. */
export function destinationProblems(destination: FieldPlace): SchemaProblem[] {
  if (!destination.isSet) return [];
  const { host, subset, port } = {
    host: destination.at('host'),
    subset: destination.at('subset'),
    port: destination.at('port'),
  };
  return [
    ...(host.text === '*'
      ? [error(host, '"*" is every host; a destination must be one host')]
      : wildcardDomainProblems(host)),
    ...when(subset.text !== '' && !isDnsLabel(subset.text), () =>
      error(subset, `${shown(subset)} is not a subset name; allowed are letters, digits and inner hyphens, at most 63`),
    ),
    ...(port.isSet ? portProblems(port.at('number')) : []),
  ];
}
