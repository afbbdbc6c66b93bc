import { pushTo } from '../../mesh/collections';
import { validateHeaderValue } from 'node:http';
import { allRouteObjects } from '../../mesh/manifests/routes';
import type { StackSettings } from '../../mesh/manifests/settings';
import { hasLabels } from '../../mesh/model/workload-index';
import { nearest } from '../../mesh/strings';
import { entries, entryClasses, type RequestClass, ruleKey } from '../../mesh/traffic/classes/classes';
import type { Entry } from '../../mesh/traffic/classes/entry';
import type { Destination, Outcome, RuleRef } from '../../mesh/traffic/outcome';
import type { Proxy, Request } from '../../mesh/traffic/request';
import { route as routeOf } from '../../mesh/traffic/route';
import { destinationName } from '../../mesh/traffic/splits';
import type { TrafficModel } from '../../mesh/traffic/traffic-model';
import { UserError } from '../errors';
import type { LabPod, NodeStatus } from './lab-node';
import type { Configured } from './tally';

/** Requests of one kind that can be sent on the lab, and their configured outcome. */
export interface Trial {
  route: string;
  who: string;
  from: string;
  request: Request;
  /** `127.0.0.1:30080`; absent if requests go through the node's proxy, as `sender`. */
  address?: string;
  /** The sender for the node's proxy, `<workload>.<namespace>`. */
  sender?: string;
  configured: Configured;
}

/** Requests of one kind that cannot be sent, and why. */
export interface NoTrial {
  route: string;
  who: string;
  why: string;
}

/** The requests that the user asks for. The default is an example of each kind of request that is split. */
export interface TrialChoice {
  route?: string;
  /** `<workload or pod>.<namespace>` */
  from?: string;
  method?: string;
  path?: string;
  headers?: Record<string, string>;
}

/** One kind of request at one kind of sender. */
interface Kind extends Pick<RequestClass, 'who' | 'outcome' | 'example'> {
  route: string;
  entry: Entry;
}

/**
 * The requests that show on the lab how a stack's routes split traffic.
 * @throws UserError for an unknown route or sender
 */
export function trials(
  traffic: TrafficModel,
  settings: StackSettings,
  node: NodeStatus,
  choice: TrialChoice = {},
): (Trial | NoTrial)[] {
  const all = kinds(traffic, settings);
  const candidates = choice.route === undefined ? all.filter(isSplitByRule) : ofRoute(all, choice.route, choice.from);
  const wanted = choice.from === undefined ? candidates : candidates.filter(({ entry }) => !isAtGateway(entry));
  if (wanted.length === 0 && candidates.length > 0) {
    const what = choice.route ?? 'every route that splits its requests';
    throw new UserError(`--from ${choice.from ?? ''}: ${what} takes requests at gateways alone, so leave it out.`);
  }
  const isGiven = choice.method !== undefined || choice.path !== undefined || choice.headers !== undefined;
  const picked = isGiven ? firstOfEach(wanted) : wanted;
  return alternatives(picked).map((same) => firstPossible(traffic, node, choice, isGiven, same));
}

/** Every kind of request that a rule of a route takes, and requests to services without rules. */
function kinds(traffic: TrafficModel, settings: StackSettings): Kind[] {
  const routes = allRouteObjects(settings.routes).flatMap(({ namespace, service, virtualService }) =>
    virtualService === undefined
      ? []
      : [[`${namespace}/${virtualService.object.metadata.name}`, `${namespace}/${service}`] as const],
  );
  const routeOfObject = new Map(routes);
  const routeName = ({ entry, rule }: { entry: Entry; rule: RuleRef | undefined }): string | undefined => {
    if (rule !== undefined && rule.kind !== 'VirtualService') return undefined;
    if (rule !== undefined)
      return routeOfObject.get(`${rule.namespace}/${rule.name}`) ?? `${rule.namespace}/${rule.name}`;
    const [service] = isAtGateway(entry) ? [] : traffic.mesh.services.withHost(entry.host);
    return service?.registry === 'Kubernetes' ? `${service.namespace}/${service.name}` : undefined;
  };
  const ofProxies = [...entries(traffic).values()].filter(({ client }) => client.proxy.type !== 'none');
  return ofProxies.flatMap((entry) =>
    entryClasses(entry).flatMap((one): Kind[] => {
      const route = routeName({ entry, rule: one.outcome.rule });
      return route === undefined || one.reachable === false ? [] : [{ route, entry, ...one }];
    }),
  );
}

/**
 * The kinds of requests that a route's rules take, or that its service takes if it has no rules.
 * @throws UserError that names the existing routes
 */
function ofRoute(all: readonly Kind[], name: string, from: string | undefined): Kind[] {
  const routes = [...new Set(all.map(({ route }) => route))];
  const found = routes.filter((route) => route === name || route.endsWith(`/${name}`));
  if (found.length > 1) throw new UserError(`${name} is a route in several namespaces: ${found.join(', ')}.`);
  if (found.length === 0) {
    const near = nearest(name, [...routes, ...routes.map((route) => route.split('/')[1] ?? route)]);
    const ruled = [...new Set(all.filter(hasRule).map(({ route }) => route))];
    const there = ruled.length === 0 ? 'it has no routes' : `it has the routes ${ruled.join(', ')}`;
    throw new UserError(
      `${name} is not a route or service of this stack; ${there}.${near === undefined ? '' : ` Did you mean ${near}?`}`,
    );
  }
  const own = all.filter(({ route }) => route === found[0]);
  const ruled = own.filter(hasRule);
  const usable = from === undefined ? ruled : ruled.filter(({ entry }) => !isAtGateway(entry));
  return usable.length > 0 ? usable : own;
}

function hasRule({ outcome }: Kind): boolean {
  return outcome.rule !== undefined;
}

function isSplitByRule({ outcome }: Kind): boolean {
  return outcome.kind === 'routed' && outcome.rule !== undefined && (outcome.destinations ?? []).length > 1;
}

function isAtGateway({ client }: Entry): boolean {
  return client.proxy.type === 'gateway';
}

/** One kind for each entrance of a route: each gateway, and the mesh. */
function firstOfEach(all: readonly Kind[]): Kind[] {
  const places = new Map<string, Kind>();
  for (const one of all) {
    const place = `${one.route} ${isAtGateway(one.entry) ? one.entry.client.title : 'mesh'}`;
    if (!places.has(place)) places.set(place, one);
  }
  return [...places.values()];
}

/** Kinds that differ only in the sender, the host or the port are equivalent. */
function alternatives(all: readonly Kind[]): Kind[][] {
  const groups = new Map<string, Kind[]>();
  for (const one of all) {
    const { route, entry, who, outcome } = one;
    const shares = outcome.destinations?.map(({ host, subset, share }) => `${host} ${subset ?? ''} ${share}`);
    const key = JSON.stringify([route, isAtGateway(entry), who, outcome.kind, shares]);
    pushTo(groups, key, one);
  }
  return [...groups.values()];
}

function firstPossible(
  traffic: TrafficModel,
  node: NodeStatus,
  choice: TrialChoice,
  isGiven: boolean,
  same: readonly Kind[],
): Trial | NoTrial {
  let reason: NoTrial | undefined;
  for (const kind of same) {
    const made = trial(traffic, node, choice, isGiven, kind);
    if (!('why' in made)) return made;
    reason ??= made;
  }
  return reason ?? { route: '', who: '', why: '' };
}

function trial(
  traffic: TrafficModel,
  node: NodeStatus,
  choice: TrialChoice,
  isGiven: boolean,
  kind: Kind,
): Trial | NoTrial {
  const { route, entry, who } = kind;
  if (entry.protocol !== 'http')
    return { route, who, why: `its port ${entry.port} takes ${entry.protocol}, and the requests are plain HTTP` };
  const request = isGiven ? givenRequest(kind, choice) : exampleRequest(kind);
  if (!isSendable(request.headers ?? {})) return { route, who, why: noExample };
  return isAtGateway(entry)
    ? trialAtGateway(traffic, node, { kind, request, isGiven })
    : trialInMesh(traffic, node, {
        kind,
        request,
        isGiven,
        ...(choice.from === undefined ? {} : { from: choice.from }),
      });
}

const noExample = 'no example of such a request could be made';

interface Wanted {
  kind: Kind;
  request: Request;
  /** Whether the user chose the request. It may then match another rule than the kind's. */
  isGiven: boolean;
  from?: string;
}

function trialAtGateway(traffic: TrafficModel, node: NodeStatus, { kind, request, isGiven }: Wanted): Trial | NoTrial {
  const { route, entry, who } = kind;
  const { proxy, title } = entry.client;
  const services = traffic.mesh.services.inNamespace(proxy.namespace);
  const leading = node.nodePorts.find(({ namespace, service, port }) => {
    const selector = services.find(({ name }) => name === service)?.selector;
    return (
      namespace === proxy.namespace &&
      port === entry.port &&
      (selector === undefined || hasLabels(proxy.labels, selector))
    );
  });
  if (leading === undefined)
    return { route, who, why: `no node port of the lab leads to port ${entry.port} of ${title}` };
  if (
    !node.pods.some(
      ({ role, namespace, labels, ready }) =>
        role === 'gateway' && ready && namespace === proxy.namespace && hasLabels(labels, proxy.labels),
    )
  ) {
    return { route, who, why: `no ready pod of ${title}` };
  }
  const isAnyHost = entry.host === '*';
  const host = isAnyHost ? '127.0.0.1' : entry.host.replace('*', 'www');
  const named: Request = {
    ...request,
    host,
    headers: { host: isAnyHost ? leading.address : host, ...request.headers },
  };
  const outcome = routeOf(traffic, proxy, named);
  if (!isGiven && !isOfKind(outcome, kind)) return { route, who, why: noExample };
  return {
    route,
    who: isGiven ? whoOf(entry, outcome) : who,
    from: title,
    request: named,
    address: leading.address,
    configured: configured(traffic, node, { client: proxy, host: entry.host, outcome }),
  };
}

function trialInMesh(
  traffic: TrafficModel,
  node: NodeStatus,
  { kind, request, isGiven, from }: Wanted,
): Trial | NoTrial {
  const { route, entry, who } = kind;
  if (request.headers?.['host'] !== undefined)
    throw new UserError(`-H host: ${route} takes requests in the mesh, where the host is its service; leave it out.`);
  const senders = from === undefined ? sendersTo(traffic, node, entry) : [namedSender(node, from)];
  if (senders.length === 0) return { route, who, why: 'no ready pod with a sidecar can send such requests' };
  for (const pod of senders) {
    const proxy: Proxy = {
      type: pod.role === 'sidecar' ? 'sidecar' : 'none',
      namespace: pod.namespace,
      labels: pod.labels,
    };
    const outcome = routeOf(traffic, proxy, request);
    if (!isGiven && from === undefined && !isOfKind(outcome, kind)) continue;
    const sender = from ?? `${pod.workload}.${pod.namespace}`;
    return {
      route,
      who: isGiven || from !== undefined ? whoOf(entry, outcome) : who,
      from: proxy.type === 'none' ? `${sender}, which has no sidecar` : sender,
      request,
      sender,
      configured: configured(traffic, node, { client: proxy, host: entry.host, outcome }),
    };
  }
  return { route, who, why: 'no ready pod is a sender that the rule takes' };
}

/**
 * Ready pods with a sidecar that can call a host, the likeliest first: pods of its namespace, not of the service
 * itself, and pods that gateways route to.
 */
function sendersTo(traffic: TrafficModel, { pods }: NodeStatus, { host }: Entry): LabPod[] {
  const [service] = traffic.mesh.services.withHost(host);
  const fronts = frontServices(traffic);
  const rank = (pod: LabPod): number =>
    (pod.namespace === service?.namespace ? 0 : 4) +
    (isBehind(pod, service) ? 2 : 0) +
    (fronts.some((front) => isBehind(pod, front)) ? 0 : 1);
  return pods
    .filter(({ role, ready }) => role === 'sidecar' && ready)
    .map((pod) => ({ pod, rank: rank(pod) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ pod }) => pod);
}

type Service = ReturnType<TrafficModel['mesh']['services']['withHost']>[number];

function frontServices(traffic: TrafficModel): Service[] {
  const atGateways = [...entries(traffic).values()].filter(isAtGateway);
  const hosts = atGateways.flatMap((entry) => entryClasses(entry).flatMap(({ outcome }) => outcome.destinations ?? []));
  return hosts.flatMap(({ host }) => traffic.mesh.services.withHost(host));
}

function isBehind(pod: Pick<LabPod, 'namespace' | 'labels'>, service: Service | undefined): boolean {
  return (
    service?.selector !== undefined && pod.namespace === service.namespace && hasLabels(pod.labels, service.selector)
  );
}

/** @throws UserError that names the existing pods */
function namedSender({ pods }: NodeStatus, from: string): LabPod {
  const dot = from.lastIndexOf('.');
  const [name, namespace] = [from.slice(0, dot), from.slice(dot + 1)];
  const own = pods.filter(({ role }) => role === 'sidecar' || role === 'app');
  const found = own.find(
    (pod) => pod.ready && pod.namespace === namespace && (pod.workload === name || pod.name === name),
  );
  if (dot > 0 && found !== undefined) return found;
  const names = [...new Set(own.filter(({ ready }) => ready).map((pod) => `${pod.workload}.${pod.namespace}`))];
  const near = nearest(from, names);
  throw new UserError(
    `--from ${from}: the lab has no such ready pod; write WORKLOAD.NAMESPACE${names.length === 0 ? '' : `, one of ${names.join(', ')}`}.${near === undefined ? '' : ` Did you mean ${near}?`}`,
  );
}

function configured(
  traffic: TrafficModel,
  { pods }: NodeStatus,
  { client, host, outcome }: { client: Proxy; host: string; outcome: Outcome },
): Configured {
  const byName = new Map(pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
  const { destinations = [] } = outcome;
  return {
    outcome,
    nameOf: (destination) => destinationName(destination, host, destinations),
    destinationsOf: (name) => {
      const pod = byName.get(name);
      return pod === undefined
        ? []
        : destinations.filter((destination) => isDestination(traffic, client, destination, pod));
    },
    workloadOf: (name) => {
      const pod = byName.get(name);
      return pod === undefined ? name : `${pod.namespace}/${pod.workload}`;
    },
  };
}

function isDestination(traffic: TrafficModel, client: Proxy, { host, subset }: Destination, pod: LabPod): boolean {
  const view = client.type === 'gateway' ? traffic.gatewayView(client) : traffic.scope(client);
  const service = view.service(host);
  if (service === undefined || !isBehind(pod, service)) return false;
  if (subset === undefined) return true;
  const rule = traffic.mesh.destinationRules.forService(service, client.namespace, client.labels);
  const found = rule?.subsets.find(({ name }) => name === subset);
  return found !== undefined && hasLabels(pod.labels, found.labels);
}

/** Whether a request matches the rule of its kind. */
function isOfKind(outcome: Outcome, { outcome: wanted }: Kind): boolean {
  if (outcome.rule === undefined || wanted.rule === undefined)
    return outcome.rule === wanted.rule && outcome.kind === wanted.kind;
  return ruleKey(outcome.rule) === ruleKey(wanted.rule);
}

/** Describes the requests that a rule takes. */
function whoOf(entry: Entry, { rule }: Outcome): string {
  const taken = entryClasses(entry).find(({ outcome }) =>
    rule === undefined || outcome.rule === undefined ? rule === outcome.rule : ruleKey(rule) === ruleKey(outcome.rule),
  );
  return taken?.who ?? 'such requests';
}

function exampleRequest({ entry, example = {} }: Kind): Request {
  const valueOf = (variable: string): string | undefined => example[variable];
  const query = named(example, 'query ').map(([name, value]) => `${name}=${value}`);
  const path = plainPath(valueOf('path') ?? valueOf('header :path') ?? '/');
  const headers = named(example, 'header ').filter(([name]) => !name.startsWith(':'));
  const authority = valueOf('header :authority');
  return {
    host: entry.host,
    port: entry.port,
    protocol: 'http',
    method: valueOf('header :method') ?? 'GET',
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    headers: { ...Object.fromEntries(headers), ...(authority === undefined ? {} : { host: authority }) },
  };
}

/** The user's request, with a path that the route matches unless the user names one. */
function givenRequest(kind: Kind, { method = 'GET', path, headers = {} }: TrialChoice): Request {
  const example = exampleRequest(kind).path ?? '/';
  return { host: kind.entry.host, port: kind.entry.port, protocol: 'http', method, path: path ?? example, headers };
}

function named(example: Record<string, string>, prefix: string): [string, string][] {
  return Object.entries(example).flatMap(([variable, value]): [string, string][] =>
    variable.startsWith(prefix) ? [[variable.slice(prefix.length), value]] : [],
  );
}

/** A path that can be sent. */
function plainPath(path: string): string {
  return path.startsWith('/') ? encodeURI(decodeIfEncoded(path)) : '/';
}

function decodeIfEncoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** Whether headers can be sent unchanged. */
export function isSendable(headers: Record<string, string>): boolean {
  try {
    for (const [name, value] of Object.entries(headers)) validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
