import { placesOf } from '../../../../mesh/traffic/endpoints';
import type { Outcome, WeightedDestination } from '../../../../mesh/traffic/outcome';
import { normalizedPath, type Proxy, type Request } from '../../../../mesh/traffic/request';
import { route } from '../../../../mesh/traffic/route';
import { changedHeaders } from '../../../../mesh/traffic/rules/rewrites';
import { fraction, share, type Share } from '../../../../mesh/traffic/share';
import type { TrafficModel } from '../../../../mesh/traffic/traffic-model';
import type { Side } from './route-set';
import { clientProxy, gatewayProxy, instances, outside } from './world';

/** The possible observations of a request, as strings (see observation.ts) with their shares. */
export type Expected = Map<string, Share>;

/** Predicts the observations of the requests of successive sets. */
export type Predict<From extends string = Side> = (traffic: TrafficModel, from: From, request: Request) => Expected;

export const proxies: Record<Side, Proxy> = {
  gateway: { type: 'gateway', ...gatewayProxy },
  client: { type: 'sidecar', ...clientProxy },
};

/** The model's prediction, down to the instance that answers and the request that it receives. */
export function expected(traffic: TrafficModel, from: Side, request: Request): Expected {
  const proxy = proxies[from];
  const outcome = route(traffic, proxy, request);
  const places = placesOf(traffic.mesh, from === 'gateway' ? traffic.gatewayView(proxy) : traffic.scope(proxy));
  const all: Expected = new Map();
  const add = (text: string, part: Share): void => {
    if (part !== '0') all.set(text, share(fraction(all.get(text) ?? '0').add(fraction(part))));
  };
  const { abort } = outcome.fault ?? {};
  const aborted = abort?.share ?? '0';
  add(String(abort?.status ?? 0), aborted);
  const rest = fraction('1').sub(fraction(aborted));
  if (outcome.kind === 'passthrough') {
    add(upstream(outside.name, outcome, { headers: [] }, request), share(rest));
    return all;
  }
  if (outcome.kind !== 'routed') {
    add(answer(outcome), share(rest));
    return all;
  }
  for (const destination of outcome.destinations ?? []) {
    const part = rest.mul(fraction(destination.share));
    if (destination.missing !== undefined) {
      add('503', share(part));
      continue;
    }
    for (const [place, own] of places(destination)) {
      add(upstream(place, outcome, destination, request), share(part.mul(fraction(own))));
    }
  }
  return all;
}

function answer({ kind, status, location, body }: Outcome): string {
  if (kind === 'redirect') return `${status ?? 0} ${location ?? ''}`;
  if (kind === 'response') return `${status ?? 0} ${body ?? ''}`.trim();
  return String(status ?? 0);
}

function upstream(
  place: string,
  outcome: Outcome,
  destination: Pick<WeightedDestination, 'authority' | 'headers'>,
  request: Request,
): string {
  const instance = instances.find(({ namespace, name }) => place.startsWith(`${namespace}/${name}|`));
  const query = /\?.*/.exec(request.path ?? '')?.[0] ?? '';
  const path = outcome.path ?? normalizedPath(request.path ?? '/') + query;
  const authority = outcome.authority ?? destination.authority ?? request.host;
  const operations = destination.headers ?? [];
  const sent = changedHeaders(
    request.headers ?? {},
    operations.map((one) => one.request),
  );
  const answered = changedHeaders(
    {},
    operations.map((one) => one.response),
  );
  const who = instance === undefined ? place : `${instance.service} ${instance.version}`;
  return observed(who, authority, path, sent, answered['x-answer']);
}

/** The content of a backend's answer, as one string. */
export function observed(
  who: string,
  authority: string,
  path: string,
  headers: Record<string, string | undefined>,
  answered: string | undefined,
): string {
  const shown = ['end-user', 'x-flag', 'x-set'].map((name) => `${name}=${headers[name] ?? '-'}`);
  return [who, authority, path, ...shown, `x-answer=${answered ?? '-'}`].join(' ');
}
