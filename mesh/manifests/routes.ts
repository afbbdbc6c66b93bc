import type { DestinationHeaders, DestinationRuleSpec, Subset, VirtualServiceSpec } from './istio';
import { defined, type KubernetesObject, networkingMeta, type Rendered } from './kubernetes';
import type {
  HttpRuleSettings,
  RouteSettings,
  StackSettings,
  TcpRuleSettings,
  TlsRuleSettings,
  Weights,
} from './settings';
import { inOrder, splitOf, versionsOf, type Version } from './weights';

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
  headers?: DestinationHeaders;
}

/** One destination per version with its weight, or the bare host when there is no split. A version with a host of its own is that host, without a subset. */
export function splitDestinations(
  service: string,
  route: RouteSettings,
  weights: Weights | undefined,
): SplitDestination[] {
  const bare = defined({
    host: route.host ?? service,
    port: route.port === undefined ? undefined : { number: route.port },
  });
  if (weights === undefined) return [{ destination: bare }];
  const versions = new Map(versionsOf(route).map((version) => [version.version, version]));
  return splitOf(route, weights).map(([version, weight]) => {
    const { host, headers } = versions.get(version) ?? {};
    const destination = host === undefined ? { ...bare, subset: version } : { ...bare, host };
    return defined({ destination, weight, headers });
  });
}

export interface DestinationRule extends KubernetesObject {
  kind: 'DestinationRule';
  spec: DestinationRuleSpec & Record<string, unknown>;
}

/**
 * The DestinationRules of a service. There is one per version, so that a version can be added or removed without touching the others. istiod merges all rules of
 * a host and takes the trafficPolicy of the oldest, so each rule has the service's. With `destinationRule.name` one rule holds all subsets; a service without
 * subsets has a rule only for its policy.
 * @param origin - the route's key in the stack file
 */
export function destinationRules(
  namespace: string,
  service: string,
  route: RouteSettings,
  origin: string,
): Rendered<DestinationRule>[] {
  if (route.destinationRule?.install === false) return [];
  const versions = subsetsOf(route);
  if (versions.length === 0 && route.trafficPolicy === undefined && route.destinationRule === undefined) return [];
  if (versions.length === 0 || route.destinationRule?.name !== undefined) {
    return [rule(namespace, serviceObjectName(service), service, route, versions, origin)];
  }
  return versions.map((version) =>
    rule(namespace, version.name ?? versionRuleName(service, version.version), service, route, [version], origin),
  );
}

/** The versions that are subsets, in the order of a rule that holds them all. */
function subsetsOf(route: RouteSettings): Version[] {
  const subsets = versionsOf(route).filter(({ host }) => host === undefined);
  return inOrder(subsets, route.destinationRule?.order ?? [], ({ version }) => version);
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
    host: route.destinationRule?.host ?? route.host ?? service,
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
  const selects = Object.keys(labels).length > 0;
  return defined({ name: version, labels: selects ? labels : undefined, trafficPolicy });
}

export interface VirtualService extends KubernetesObject {
  kind: 'VirtualService';
  spec: VirtualServiceSpec & Record<string, unknown>;
}

type RuleSettings = HttpRuleSettings | TcpRuleSettings | TlsRuleSettings;

/** A rule of the VirtualService, the key in the stack file that it comes from, and the keys of the weights of its destinations. */
interface Rule<T> {
  rule: T;
  origin: string;
  weightOrigins?: string[];
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
      ...weightOrigins(route, route.weights, `${origin}.weights`),
    });
  }
  const tls = rules(service, route, route.tls, `${origin}.tls`, origin);
  const tcp = rules(service, route, route.tcp, `${origin}.tcp`, origin);
  if (http.length + tls.length + tcp.length === 0) return undefined;
  const spec = defined({
    exportTo: route.virtualService?.exportTo,
    gateways: route.gateways,
    hosts: route.hosts === undefined ? [route.host ?? service] : route.hosts.length === 0 ? undefined : route.hosts,
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
    return {
      ...sourced,
      ...(weights === undefined
        ? weightOrigins(route, route.weights, `${origin}.weights`)
        : weightOrigins(route, weights, `${ruleOrigin}.weights`)),
    };
  });
}

function weightOrigins(
  route: RouteSettings,
  weights: Weights | undefined,
  origin: string,
): { weightOrigins?: string[] } {
  if (weights === undefined) return {};
  return { weightOrigins: splitOf(route, weights).map(([version]) => `${origin}.${version}`) };
}

/** Whether a rule has its own destination or answer, so it does not use the split. */
function answersItself(rule: object): boolean {
  return ['route', 'redirect', 'directResponse', 'delegate'].some((key) => key in rule);
}

/** The names of routes, or of settings that are kept like them: `namespace/service`. */
export function routeNames(routes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {}): string[] {
  return Object.entries(routes).flatMap(([namespace, services]) =>
    Object.keys(services).map((service) => `${namespace}/${service}`),
  );
}

/** Whether the requests of a rule follow the split of the service. */
export function usesSplit(rule: RuleSettings): boolean {
  return rule.weights === undefined && !answersItself(rule);
}

/**
 * Whether the split needs its own last rule. In the mesh a request that no rule matches gets a 404, so the split always closes the list. At a gateway a rule
 * without a match would expose every path, so it is added only when no rule of the list uses the split. A service with only tcp or tls rules needs none.
 */
export function needsLastRule(route: RouteSettings): boolean {
  if (route.weights === undefined) return false;
  if (route.http === undefined && (route.tcp !== undefined || route.tls !== undefined)) return false;
  const list = route.http ?? [];
  if (list.some((rule) => (rule.match ?? []).length === 0)) return false;
  const inMesh = route.gateways === undefined || route.gateways.includes('mesh');
  return inMesh || !list.some(usesSplit);
}

/** The rules without their origins; undefined for none, so that the spec has no empty list. */
function plain<T>(list: Rule<T>[]): T[] | undefined {
  return list.length === 0 ? undefined : list.map(({ rule }) => rule);
}

function origins(path: string, list: Rule<object>[]): Record<string, string> {
  const entries = list.flatMap(({ origin, weightOrigins: weights = [] }, index): [string, string][] => [
    [`${path}[${index}]`, origin],
    ...weights.map((weight, at): [string, string] => [`${path}[${index}].route[${at}]`, weight]),
  ]);
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
