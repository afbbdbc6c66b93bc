import { asMap, indexedMaps, isMap } from '../../mesh/json';
import type { MeshVirtualService, SourcedRoute } from '../../mesh/model/mesh-model';
import { covers, type MatchCondition, CoverageIndex } from '../model/coverage';
import type { RouteProtocol } from '../model/routes';
import type { Rule, Violation } from '../rule';

/**
 * A rule is dead if an earlier rule covers each of its matches; if only some are covered, that is advisory. Rules that
 * delegate cover nothing, because requests that no rule of the delegate takes go to the next rule. Looks deeper than
 * IST0131: exact paths and regexes, extra conditions, and the rules of delegates in their place.
 */
export const unreachableRoute: Rule = {
  id: 'unreachable-route',
  level: 'mandatory',
  title: 'every rule of a VirtualService can get requests',
  istio: ['IST0130', 'IST0131'],
  single: false,
  docs: {
    why: 'The first rule that matches takes the request. A rule behind one that matches the same or more never gets a request, although the file suggests that it does.',
    bad: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - match: [{ uri: { prefix: /reviews } }]
      route: [{ destination: { host: reviews, subset: v1 } }]
    - match: [{ uri: { prefix: /reviews/beta }, headers: { end-user: { exact: jason } } }]
      route: [{ destination: { host: reviews, subset: v2 } }]
`,
    good: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - match: [{ uri: { prefix: /reviews/beta }, headers: { end-user: { exact: jason } } }]
      route: [{ destination: { host: reviews, subset: v2 } }]
    - match: [{ uri: { prefix: /reviews } }]
      route: [{ destination: { host: reviews, subset: v1 } }]
`,
    fix: 'Move the narrower rule before the wider one, or remove it.',
  },
  check: (model) =>
    model.virtualServices.all.flatMap((virtualService) =>
      (['http', 'tls', 'tcp'] as const).flatMap((protocol) => violations(virtualService, protocol)),
    ),
};

function violations(virtualService: MeshVirtualService, protocol: RouteProtocol): Violation[] {
  const earlier = new CoverageIndex<SourcedRoute>(protocol);
  return virtualService[protocol].flatMap((route) => {
    const conditions = conditionsOf(virtualService, route);
    const covered = conditions.map((condition) => earlier.covering(condition)[0]);
    const repeated = covered.includes(undefined) ? repetitions(protocol, route, conditions) : [];
    if (!isMap(route.route['delegate'])) for (const condition of conditions) earlier.add(condition, route);
    return covered.every((cover) => cover !== undefined)
      ? dead(virtualService, route, covered)
      : [...covered.flatMap((cover, at) => (cover === undefined ? [] : idle(route, at, cover))), ...repeated];
  });
}

/** Matches that another match of the same rule covers. */
function repetitions(protocol: RouteProtocol, route: SourcedRoute, conditions: readonly MatchCondition[]): Violation[] {
  return conditions.flatMap((condition, at): Violation[] => {
    const wider = conditions.findIndex(
      (other, index) =>
        index !== at && covers(protocol, other, condition) && (index < at || !covers(protocol, condition, other)),
    );
    if (wider < 0) return [];
    const message = `match[${wider}] of the same rule takes all requests that this match asks for; remove one of the two`;
    return [{ object: route.source.object, path: `${route.path}.match[${at}]`, message, level: 'advisory' }];
  });
}

function conditionsOf({ gateways }: MeshVirtualService, { route, namespace }: SourcedRoute): MatchCondition[] {
  const matches = indexedMaps(route['match']).map(({ item }) => item);
  return (matches.length === 0 ? [{}] : matches).map((match) => ({ match: asMap(match), gateways, namespace }));
}

function dead(virtualService: MeshVirtualService, route: SourcedRoute, covers: readonly SourcedRoute[]): Violation[] {
  const names = [...new Set(covers.map((cover) => nameOf(cover, route)))].join(' and ');
  const within =
    route.source === virtualService.source
      ? ''
      : ` in VirtualService ${virtualService.namespace}/${virtualService.name}, which delegates here`;
  const message = `no request gets to this rule${within}: ${names} ${covers.length > 1 && names.includes(' and ') ? 'take' : 'takes'} all that it matches. Move it before, or remove it`;
  return [{ object: route.source.object, path: route.path, message }];
}

function idle(route: SourcedRoute, at: number, cover: SourcedRoute): Violation[] {
  const message = `${nameOf(cover, route)} takes all requests that this match asks for; remove the match, or move the rule before`;
  return [{ object: route.source.object, path: `${route.path}.match[${at}]`, message, level: 'advisory' }];
}

/** The earlier rule for messages, with its name if it has one. */
function nameOf({ path, source, route }: SourcedRoute, seenFrom: SourcedRoute): string {
  const name = typeof route['name'] === 'string' && route['name'] !== '' ? ` ("${route['name']}")` : '';
  const place = source === seenFrom.source ? '' : ` of VirtualService ${source.namespace}/${source.name}`;
  return `${path}${name}${place}`;
}
