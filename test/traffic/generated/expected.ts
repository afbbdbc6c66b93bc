import { placesOf } from '../../../traffic/classes/places';
import type { HeaderChanges, Outcome, WeightedDestination } from '../../../traffic/outcome';
import type { Proxy } from '../../../traffic/proxy';
import { normalizedPath, type Request } from '../../../traffic/request';
import { route } from '../../../traffic/route';
import { fraction, share, type Share } from '../../../traffic/share';
import type { TrafficModel } from '../../../traffic/traffic-model';
import { clientProxy, gatewayProxy, instances } from './world';

/** What may be observed of a request, as texts (see observation.ts) with their parts. */
export type Expected = Map<string, Share>;

export const proxies: Record<'gateway' | 'client', Proxy> = {
  gateway: { type: 'gateway', ...gatewayProxy },
  client: { type: 'sidecar', ...clientProxy },
};

/** The model's prediction, down to the instance that answers and the request that it sees. */
export function expected(traffic: TrafficModel, from: 'gateway' | 'client', request: Request): Expected {
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

function upstream(place: string, outcome: Outcome, destination: WeightedDestination, request: Request): string {
  const instance = instances.find(({ namespace, name }) => place.startsWith(`${namespace}/${name}|`));
  const query = /\?.*/.exec(request.path ?? '')?.[0] ?? '';
  const path = outcome.path ?? normalizedPath(request.path ?? '/') + query;
  const authority = outcome.authority ?? destination.authority ?? request.host;
  const several = (outcome.destinations?.length ?? 0) > 1 || destination.share !== '1';
  const sent = requestHeaders(outcome, destination, request, several);
  const answered = { ...destination.headers?.response?.set, ...(several ? outcome.headers?.response?.set : {}) };
  const xAnswer = several
    ? answered['x-answer']
    : (destination.headers?.response?.set?.['x-answer'] ?? outcome.headers?.response?.set?.['x-answer']);
  return observed(
    instance === undefined ? place : `${instance.service} ${instance.version}`,
    authority,
    path,
    sent,
    xAnswer,
  );
}

/** One destination's operations come after the rule's in one list; of several, each has its own list, which comes before the rule's. */
function requestHeaders(
  outcome: Outcome,
  destination: WeightedDestination,
  request: Request,
  several: boolean,
): Record<string, string> {
  const [rule, own] = [outcome.headers?.request, destination.headers?.request];
  if (several) return changed(changed(request.headers ?? {}, [own]), [rule]);
  return changed(request.headers ?? {}, [rule, own]);
}

function changed(headers: Record<string, string>, lists: (HeaderChanges | undefined)[]): Record<string, string> {
  const after = new Map(Object.entries(headers));
  for (const list of lists) for (const name of list?.remove ?? []) after.delete(name);
  for (const list of lists) {
    for (const [name, value] of Object.entries(list?.set ?? {})) after.set(name, value);
    for (const [name, value] of Object.entries(list?.add ?? {})) {
      after.set(name, after.has(name) ? `${after.get(name) ?? ''}, ${value}` : value);
    }
  }
  return Object.fromEntries(after);
}

/** What a backend's answer says, as one text. */
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
