import { validateHeaderValue } from 'node:http';
import { pushTo } from '../../mesh/collections';
import { allRouteObjects } from '../../mesh/manifests/routes';
import type { StackSettings } from '../../mesh/manifests/settings';
import { entries, type Entry, entryClasses, type RequestClass } from '../../mesh/traffic/classes/classes';
import type { RuleRef } from '../../mesh/traffic/outcome';
import type { Request } from '../../mesh/traffic/request';
import type { TrafficModel } from '../../mesh/traffic/traffic-model';
import { namedRoute } from '../input';

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
export interface Kind extends Pick<RequestClass, 'who' | 'outcome' | 'example'> {
  route: string;
  entry: Entry;
}

/** Every kind of request that matches a rule of a route, and requests to services without rules. */
export function kinds(traffic: TrafficModel, settings: StackSettings): Kind[] {
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
export function ofRoute(all: readonly Kind[], name: string, from: string | undefined): Kind[] {
  const routes = [...new Set(all.map(({ route }) => route))];
  const ruledRoutes = [...new Set(all.filter(hasRule).map(({ route }) => route))];
  const there = ruledRoutes.length === 0 ? 'it has no routes' : `it has the routes ${ruledRoutes.join(', ')}`;
  const found = namedRoute(name, routes, `not a route or service of this stack; ${there}`);
  const own = all.filter(({ route }) => route === found);
  const ruled = own.filter(hasRule);
  const usable = from === undefined ? ruled : ruled.filter(({ entry }) => !isAtGateway(entry));
  return usable.length > 0 ? usable : own;
}

function hasRule({ outcome }: Kind): boolean {
  return outcome.rule !== undefined;
}

export function isSplitByRule({ outcome }: Kind): boolean {
  return outcome.kind === 'routed' && outcome.rule !== undefined && (outcome.destinations ?? []).length > 1;
}

export function isAtGateway({ client }: Entry): boolean {
  return client.proxy.type === 'gateway';
}

/** One kind for each entrance of a route: each gateway, and the mesh. */
export function firstOfEach(all: readonly Kind[]): Kind[] {
  const places = new Map<string, Kind>();
  for (const one of all) {
    const place = `${one.route} ${isAtGateway(one.entry) ? one.entry.client.title : 'mesh'}`;
    if (!places.has(place)) places.set(place, one);
  }
  return [...places.values()];
}

/** Kinds that differ only in the sender, the host or the port are equivalent. */
export function alternatives(all: readonly Kind[]): Kind[][] {
  const groups = new Map<string, Kind[]>();
  for (const one of all) {
    const { route, entry, who, outcome } = one;
    const shares = outcome.destinations?.map(({ host, subset, share }) => `${host} ${subset ?? ''} ${share}`);
    const key = JSON.stringify([route, isAtGateway(entry), who, outcome.kind, shares]);
    pushTo(groups, key, one);
  }
  return [...groups.values()];
}

export function exampleRequest({ entry, example = {} }: Kind): Request {
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
export function givenRequest(kind: Kind, { method = 'GET', path, headers = {} }: TrialChoice): Request {
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
