import type { RouteSettings, StackSettings } from '../../mesh/manifests/settings';
import { isMap } from '../../mesh/json';
import type { Expectation } from '../../mesh/traffic/expectations';
import { requestOf } from '../../mesh/traffic/request';
import { route } from '../../mesh/traffic/route';
import { sentRequest } from '../../mesh/traffic/senders';
import { trafficModel, type TrafficModel } from '../../mesh/traffic/traffic-model';
import { fraction } from '../../mesh/traffic/share';
import { stackTraffic } from '../../mesh/traffic/stack-objects';
import { destinationWords } from '../../mesh/traffic/words';

type Written = Exclude<Expectation['request'], string>;

/**
 * Expectations that hold in a stack: the destinations and shares for every rule of its routes, and for requests that no
 * rule matches.
 */
export function expectationsOf(stack: StackSettings): Expectation[] {
  const { objects, options } = stackTraffic(stack);
  const traffic = trafficModel(objects, options);
  const routes = Object.entries(stack.routes ?? {}).flatMap(([namespace, services]) =>
    Object.entries(services).map(([service, route]) => ({ namespace, service, route })),
  );
  const all = routes.flatMap(({ namespace, service, route: settings }) =>
    senders(traffic, namespace, service, settings).flatMap(({ host, from }) =>
      requests(host, settings).flatMap((request) => observed(traffic, { request, from })),
    ),
  );
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/** A sender of requests to a route, and their host. */
function senders(
  traffic: TrafficModel,
  namespace: string,
  service: string,
  { gateways = ['mesh'], hosts, port }: RouteSettings,
) {
  const own = traffic.mesh.services.withHost(`${service}.${namespace}.svc.cluster.local`)[0];
  const number = port ?? own?.ports[0]?.number ?? 80;
  const inMesh = gateways.includes('mesh') ? [{ host: `${service}.${namespace}:${number}`, from: namespace }] : [];
  const outside = gateways.filter((gateway) => gateway !== 'mesh');
  const host = hosts?.find((one) => !one.includes('*')) ?? 'www.example.com';
  return [...inMesh, ...outside.map((gateway) => ({ host, from: `gateway ${gateway}` }))];
}

/** A request for each match, and one that no match takes. */
function requests(host: string, { http = [] }: RouteSettings): Written[] {
  const matches = http.flatMap(({ match = [] }) => match as Record<string, unknown>[]);
  return [{ url: `${host}/other` }, ...matches.map((match) => taken(host, match))];
}

function taken(host: string, match: Record<string, unknown>): Written {
  const headers = Object.entries(isMap(match['headers']) ? match['headers'] : {}).map(([name, value]) => [
    name,
    text(value),
  ]);
  const method = match['method'] === undefined ? {} : { method: text(match['method'], 'GET') };
  return {
    url: `${host}${text(match['uri'], '/')}`,
    ...method,
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) as Record<string, string> }),
  };
}

/** A string that matches a StringMatch. */
function text(match: unknown, otherwise = 'x'): string {
  if (!isMap(match)) return otherwise;
  const { exact, prefix, regex } = match;
  if (typeof exact === 'string') return exact;
  if (typeof prefix === 'string') return prefix;
  return typeof regex === 'string' ? regex.replaceAll(/[\\^$]|\.\*|\.\+/g, 'x').replaceAll(/[()?+*]/g, '') : otherwise;
}

/**
 * The model's outcome of a request as expectations: one for each destination with its share, or the status of an
 * answer.
 */
function observed(traffic: TrafficModel, asked: Pick<Expectation, 'request' | 'from'>): Expectation[] {
  const request = requestOf(asked.request);
  if (typeof request === 'string') throw new Error(request);
  const sent = sentRequest(traffic, asked.from, request);
  if (typeof sent === 'string') return [];
  const { kind, status, destinations = [], fault } = route(traffic, sent.client.proxy, sent.request);
  const aborted = fault?.abort?.status === undefined ? 0 : percentOf(fault.abort.share);
  const reached = (share: string): number => Math.round(percentOf(share) * (100 - aborted)) / 100;
  return [
    ...destinations.flatMap(({ host, subset, share, missing }) =>
      missing === undefined
        ? [
            {
              ...asked,
              to: destinationWords(subset === undefined ? { host } : { host, subset }),
              ...shared(reached(share)),
            },
          ]
        : [],
    ),
    ...(aborted > 0 ? [{ ...asked, status: fault?.abort?.status ?? 0, ...shared(aborted) }] : []),
    ...(kind === 'noRoute' ? [{ ...asked, status: 404 }] : []),
    ...(kind === 'redirect' || kind === 'response' ? [{ ...asked, status: status ?? 0 }] : []),
  ];
}

function shared(share: number): { share?: number } {
  return share === 100 ? {} : { share };
}

function percentOf(share: string): number {
  return fraction(share).mul(100).valueOf();
}
