import { isHttp } from '../model/protocol';
import { type Entry, entryClasses, type RequestClass } from './classes/classes';
import type { Client } from './classes/clients';
import { gatewayEntries, gatewayHttpEntry } from './classes/gateway-entries';
import { hostEntry, serviceEntry } from './classes/mesh-entries';
import { endsOf, placesOf } from './endpoints';
import { unknownsOf } from './unknowns';
import type { Outcome } from './outcome';
import { authorityHost, type Request } from './request';
import { route } from './route';
import { fraction, type Share } from './share';
import type { TrafficModel } from './traffic-model';
import { destinationWords, endWords, placeWords } from './words';

/** The outcome of a request, and the classes that the rules for its host distinguish. */
export interface Explanation {
  outcome: Outcome;
  /**
   * Parts of the requests by their end: `namespace/workload`, `host subset` if no workload is known, or an answer of
   * the proxy.
   */
  ends: Record<string, Share>;
  /** Unknown facts that could change the answer. */
  unknown: string[];
  /** All classes of the table entry that the request matches; empty if it matches none. */
  classes: RequestClass[];
}

export function explanation(traffic: TrafficModel, client: Client, request: Request): Explanation {
  const outcome = route(traffic, client.proxy, request);
  const entry = entryOf(traffic, client, request);
  const view = traffic.view(client.proxy);
  const ends = [...endsOf(outcome, placesOf(traffic.mesh, view))].map(([place, part]) => [endWords(place), part]);
  return {
    outcome,
    ends: Object.fromEntries(ends) as Record<string, Share>,
    unknown: unknownsOf(outcome),
    classes: entry === undefined ? [] : entryClasses(entry),
  };
}

function entryOf(traffic: TrafficModel, client: Client, request: Request): Entry | undefined {
  if (client.proxy.type === 'none' || client.proxy.unfollowed !== undefined) return undefined;
  return client.proxy.type === 'gateway' ? atGateway(traffic, client, request) : inMesh(traffic, client, request);
}

function atGateway(traffic: TrafficModel, client: Client, request: Request): Entry | undefined {
  const { protocol = 'http', port } = request;
  if (protocol === 'http' || protocol === 'https') {
    return gatewayHttpEntry(traffic, client, { protocol, port, host: authorityHost(request) });
  }
  return gatewayEntries(traffic, client).find((entry) => entry.port === port && entry.protocol === protocol);
}

function inMesh(traffic: TrafficModel, client: Client, request: Request): Entry | undefined {
  const { host, port } = request;
  const table = traffic.meshTable(traffic.scope(client.proxy), port);
  const dialled = table?.dialled(host.toLowerCase());
  const protocol = dialled?.ports.find(({ number }) => number === port)?.protocol;
  if (dialled !== undefined && protocol !== undefined && !isHttp(protocol)) {
    return serviceEntry(traffic, client, dialled, port);
  }
  const found = table?.lookup(authorityHost(request));
  if (found === undefined) return undefined;
  return found.service === undefined
    ? hostEntry(traffic, client, found, port)
    : serviceEntry(traffic, client, found.service, port);
}

/** A source of numbers in [0, 1). */
export type Random = () => number;

/**
 * Simulates requests: counts by their end, in the order of their first occurrence. Injected errors are drawn before
 * destinations, as the proxy does.
 */
export function draw(outcome: Outcome, requests: number, random: Random): Map<string, number> {
  const counts = new Map<string, number>();
  for (let request = 0; request < requests; request++) {
    const place = drawOne(outcome, random);
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return counts;
}

function drawOne(outcome: Outcome, random: Random): string {
  const { abort } = outcome.fault ?? {};
  if (abort !== undefined && random() < fraction(abort.share).valueOf())
    return `abort ${abort.status ?? abort.grpcStatus ?? ''}`;
  if (outcome.kind !== 'routed') return placeWords(outcome);
  const at = random();
  let passed = 0;
  for (const destination of outcome.destinations ?? []) {
    passed += fraction(destination.share).valueOf();
    if (at < passed) return `${destinationWords(destination)}${destination.missing === undefined ? '' : ' (503)'}`;
  }
  return destinationWords(outcome.destinations?.at(-1) ?? { host: '' });
}

/** A generator that gives the same numbers for the same seed on every machine (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
