import type { VirtualServiceSpec } from './istio';
import { defined, type KubernetesObject } from './kubernetes';
import { serviceObjectName } from './names';
import { networkingMeta } from './object-meta';
import type { Rendered } from './rendered';
import type { HttpRuleSettings, RouteSettings, TcpRuleSettings, TlsRuleSettings } from './settings';
import { splitDestinations } from './split';

export interface VirtualService extends KubernetesObject {
  kind: 'VirtualService';
  spec: VirtualServiceSpec & Record<string, unknown>;
}

type RuleSettings = HttpRuleSettings | TcpRuleSettings | TlsRuleSettings;

/** A rule of the VirtualService, the key in the stack file that makes it, and the one whose weights it takes. */
interface Rule<T> {
  rule: T;
  origin: string;
  weightsOrigin?: string;
}

/**
 * The VirtualService of a service, or undefined when its settings route nothing: versions alone make subsets only.
 * @param origin - the route's key in the stack file
 */
export function virtualService(
  namespace: string,
  service: string,
  route: RouteSettings,
  origin: string,
): Rendered<VirtualService> | undefined {
  const http = rules(service, route, route.http, `${origin}.http`, origin);
  if (needsLastRule(route)) {
    http.push({
      rule: { route: splitDestinations(service, route, route.weights) },
      origin,
      weightsOrigin: `${origin}.weights`,
    });
  }
  const tls = rules(service, route, route.tls, `${origin}.tls`, origin);
  const tcp = rules(service, route, route.tcp, `${origin}.tcp`, origin);
  if (http.length + tls.length + tcp.length === 0) return undefined;
  const spec = defined({
    exportTo: route.virtualService?.exportTo,
    gateways: route.gateways,
    hosts: route.hosts ?? [route.host ?? service],
    http: plain(http),
    tls: plain(tls),
    tcp: plain(tcp),
  }) as VirtualService['spec'];
  return {
    object: {
      kind: 'VirtualService',
      ...networkingMeta(namespace, serviceObjectName(service), route.virtualService),
      spec,
    },
    origin,
    origins: { ...origins('spec.http', http), ...origins('spec.tls', tls), ...origins('spec.tcp', tcp) },
  };
}

function rules<T extends RuleSettings>(
  service: string,
  route: RouteSettings,
  list: T[] = [],
  listOrigin: string,
  origin: string,
): Rule<Omit<T, 'weights'>>[] {
  return list.map(({ weights, ...rule }, index) => {
    const ruleOrigin = `${listOrigin}[${index}]`;
    if (answersItself(rule)) return { rule, origin: ruleOrigin };
    const sourced = {
      rule: { ...rule, route: splitDestinations(service, route, weights ?? route.weights) },
      origin: ruleOrigin,
    };
    if (weights !== undefined) return { ...sourced, weightsOrigin: `${ruleOrigin}.weights` };
    return route.weights === undefined ? sourced : { ...sourced, weightsOrigin: `${origin}.weights` };
  });
}

/** A rule that says itself what becomes of its requests. */
function answersItself(rule: object): boolean {
  return ['route', 'redirect', 'directResponse', 'delegate'].some((key) => key in rule);
}

/**
 * Whether the service's split needs a last rule of its own. In the mesh a request that no rule matches is a 404, so the split always closes the list; at a gateway a rule
 * without a match would publish every path, so it is added only when no rule of the list takes the split. A service of tcp or tls rules alone has none.
 */
function needsLastRule(route: RouteSettings): boolean {
  if (route.weights === undefined) return false;
  if (route.http === undefined && (route.tcp !== undefined || route.tls !== undefined)) return false;
  const list = route.http ?? [];
  if (list.some((rule) => (rule.match ?? []).length === 0)) return false;
  const inMesh = route.gateways === undefined || route.gateways.includes('mesh');
  return inMesh || !list.some((rule) => rule.weights === undefined && !answersItself(rule));
}

/** The rules alone; undefined for none, so that the spec has no empty list. */
function plain<T>(list: Rule<T>[]): T[] | undefined {
  return list.length === 0 ? undefined : list.map(({ rule }) => rule);
}

function origins(path: string, list: Rule<object>[]): Record<string, string> {
  const entries = list.flatMap(({ rule, origin, weightsOrigin }, index): [string, string][] => {
    const own: [string, string] = [`${path}[${index}]`, origin];
    if (weightsOrigin === undefined || !('route' in rule)) return [own];
    const destinations = rule.route as { destination: { subset?: string } }[];
    return [
      own,
      ...destinations.map(({ destination }, at): [string, string] => [
        `${path}[${index}].route[${at}]`,
        `${weightsOrigin}.${destination.subset}`,
      ]),
    ];
  });
  return Object.fromEntries(entries);
}
