import type { DestinationRuleSpec, Subset, VirtualServiceSpec } from './istio';
import { defined, type KubernetesObject, networkingMeta, type Rendered } from './kubernetes';
import type {
  HttpRuleSettings,
  RouteSettings,
  StackSettings,
  TcpRuleSettings,
  TlsRuleSettings,
  Weights,
} from './settings';
import { effectiveWeights, versionsOf, type Version } from './weights';

/** All objects of one service's route. DestinationRules must be applied before the VirtualService that names their subsets. */
export interface RouteObjects {
  namespace: string;
  service: string;
  destinationRules: Rendered<DestinationRule>[];
  virtualService?: Rendered<VirtualService>;
}

function routeObjects(namespace: string, service: string, route: RouteSettings): RouteObjects {
  const origin = `meshwright:routes.${namespace}.${service}`;
  const routing = virtualService(namespace, service, route, origin);
  const rules = destinationRules(namespace, service, route, origin);
  return routing === undefined
    ? { namespace, service, destinationRules: rules }
    : { namespace, service, destinationRules: rules, virtualService: routing };
}

/** The objects in the order in which they must be applied. */
export function objectsOfRoute({ destinationRules, virtualService }: RouteObjects): KubernetesObject[] {
  return [...destinationRules, ...(virtualService === undefined ? [] : [virtualService])].map(({ object }) => object);
}

/** Objects of all routes, or of some of them. */
export function allRouteObjects(routes: StackSettings['routes'] = {}): RouteObjects[] {
  return Object.entries(routes).flatMap(([namespace, services]) => ofNamespace(namespace, services));
}

type Services = NonNullable<StackSettings['routes']>[string];
const made = new WeakMap<Services, { namespace: string; objects: RouteObjects[] }>();

/** Rendered once, since several callers render one stack. Neither the settings nor the objects may be changed afterwards. */
function ofNamespace(namespace: string, services: Services): RouteObjects[] {
  const known = made.get(services);
  if (known?.namespace === namespace) return known.objects;
  const objects = Object.entries(services).map(([service, route]) => routeObjects(namespace, service, route));
  made.set(services, { namespace, objects });
  return objects;
}

export interface SplitDestination {
  destination: { host: string; subset?: string; port?: { number: number } };
  weight?: number;
}

/** One destination per version with its weight, or the bare host when there is no split. */
function splitDestinations(service: string, route: RouteSettings, weights: Weights | undefined): SplitDestination[] {
  const bare = defined({
    host: route.host ?? service,
    port: route.port === undefined ? undefined : { number: route.port },
  });
  if (weights === undefined) return [{ destination: bare }];
  return Object.entries(effectiveWeights(weights) ?? {}).map(([subset, weight]) => ({
    destination: { ...bare, subset },
    weight,
  }));
}

export interface DestinationRule extends KubernetesObject {
  kind: 'DestinationRule';
  spec: DestinationRuleSpec & Record<string, unknown>;
}

/**
 * The DestinationRules of a service. There is one per version, so that a version can be added or removed without touching the others. istiod merges all rules of
 * a host and takes the trafficPolicy of the oldest, so each rule has the service's. With `destinationRule.name` one rule holds all subsets; a service without
 * versions has a rule only for its policy.
 * @param origin - the route's key in the stack file
 */
export function destinationRules(
  namespace: string,
  service: string,
  route: RouteSettings,
  origin: string,
): Rendered<DestinationRule>[] {
  const versions = versionsOf(route);
  if (versions.length === 0 && route.trafficPolicy === undefined && route.destinationRule === undefined) return [];
  if (versions.length === 0 || route.destinationRule?.name !== undefined) {
    return [rule(namespace, serviceObjectName(service), service, route, versions, origin)];
  }
  return versions.map((version) =>
    rule(namespace, version.name ?? versionRuleName(service, version.version), service, route, [version], origin),
  );
}

function rule(
  namespace: string,
  name: string,
  service: string,
  route: RouteSettings,
  versions: Version[],
  origin: string,
): Rendered<DestinationRule> {
  const spec = defined({
    exportTo: route.destinationRule?.exportTo,
    host: route.host ?? service,
    trafficPolicy: route.trafficPolicy,
    subsets: versions.length === 0 ? undefined : versions.map(subset),
    workloadSelector: route.destinationRule?.workloadSelector,
  }) as DestinationRule['spec'];
  const keys = versions.map(({ version }, index): [string, string] => [
    `spec.subsets[${index}]`,
    `${origin}.versions.${version}`,
  ]);
  const policy: [string, string][] =
    route.trafficPolicy === undefined ? [] : [['spec.trafficPolicy', `${origin}.trafficPolicy`]];
  return {
    object: { kind: 'DestinationRule', ...networkingMeta(namespace, name, route.destinationRule), spec },
    origin,
    origins: Object.fromEntries([...keys, ...policy]),
  };
}

function subset({ version, labels, trafficPolicy }: Version): Subset {
  return { name: version, labels, ...(trafficPolicy === undefined ? {} : { trafficPolicy }) };
}

export interface VirtualService extends KubernetesObject {
  kind: 'VirtualService';
  spec: VirtualServiceSpec & Record<string, unknown>;
}

type RuleSettings = HttpRuleSettings | TcpRuleSettings | TlsRuleSettings;

/** A rule of the VirtualService, the key in the stack file that it comes from, and the key of its weights. */
interface Rule<T> {
  rule: T;
  origin: string;
  weightsOrigin?: string;
}

/**
 * The VirtualService of a service; undefined when its settings have no routes, since versions alone make subsets only.
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

/** Whether a rule has its own destination or answer, so it does not use the split. */
function answersItself(rule: object): boolean {
  return ['route', 'redirect', 'directResponse', 'delegate'].some((key) => key in rule);
}

/**
 * Whether the split needs its own last rule. In the mesh a request that no rule matches gets a 404, so the split always closes the list. At a gateway a rule
 * without a match would expose every path, so it is added only when no rule of the list uses the split. A service with only tcp or tls rules needs none.
 */
function needsLastRule(route: RouteSettings): boolean {
  if (route.weights === undefined) return false;
  if (route.http === undefined && (route.tcp !== undefined || route.tls !== undefined)) return false;
  const list = route.http ?? [];
  if (list.some((rule) => (rule.match ?? []).length === 0)) return false;
  const inMesh = route.gateways === undefined || route.gateways.includes('mesh');
  return inMesh || !list.some((rule) => rule.weights === undefined && !answersItself(rule));
}

/** The rules without their origins; undefined for none, so that the spec has no empty list. */
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

/** Name of a service's VirtualService, and of its DestinationRule when it has no versions. */
function serviceObjectName(service: string): string {
  return service;
}

/** Name of the DestinationRule of one version. */
export function versionRuleName(service: string, version: string): string {
  return `${service}.${version}`;
}
