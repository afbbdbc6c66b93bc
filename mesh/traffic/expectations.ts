import { asMap, asName, isMap, without } from '../json';
import type { StackSettings } from '../manifests/settings';
import { destinationWords, placeWords } from './words';
import type { Outcome, WeightedDestination } from './outcome';
import { type Request, requestOf } from './request';
import { route } from './route';
import { sentRequest } from './senders';
import { trafficModel, type TrafficModel } from './traffic-model';
import type { TrafficInput } from './stack-objects';
import { fraction } from './share';
import { unknownsOf } from './unknowns';

/** A test of routing in a stack file. */
export type Expectation = NonNullable<StackSettings['expect']>[number];

export interface ExpectationVerdict {
  /**
   * `cannotTell`: the result depends on something that is not in the input, or not modelled. `invalid`: the expectation
   * itself is wrong.
   */
  result: 'holds' | 'fails' | 'cannotTell' | 'invalid';
  /** What happens instead, or what is unknown; '' if the expectation holds. */
  message: string;
}

/** Reads one entry of `meshwright:expect`, of any program, or returns a string that says what is wrong with it. */
export function expectationOf(value: unknown): Expectation | string {
  if (!isMap(value)) return 'must be a map with request, and to or status';
  const { request, from, to, status, share } = value;
  const { url, method, headers, ...others } = isMap(request) ? request : { url: request };
  const unknown = [...Object.keys(without(value, ...keys)), ...Object.keys(others).map((key) => `request.${key}`)];
  if (unknown.length > 0) return `unknown key ${unknown[0] ?? ''}; known are ${keys.join(', ')}`;
  const isString = (one: unknown): boolean => asName(one) !== undefined;
  const isOptional = (one: unknown): boolean => one === undefined || isString(one);
  const stated = Object.values(asMap(headers));
  if (!isString(url) || !isOptional(method) || !(headers === undefined || isMap(headers)) || !stated.every(isString))
    return 'request must be [METHOD ][PROTOCOL://]HOST[:PORT][/PATH], or a map with url, method and headers';
  if (!isOptional(from)) return 'from must name a sender';
  if ((to === undefined) === (status === undefined)) return 'must say either to or status';
  if (!isOptional(to)) return 'to must name a Service';
  if (status !== undefined && !isWithin(status, 100, 599)) return 'status must be an HTTP status';
  if (share !== undefined && !isWithin(share, 0, 100)) return 'share must be a percentage from 0 to 100';
  return value as unknown as Expectation;
}

const keys = ['request', 'from', 'to', 'status', 'share'];

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

/** Tolerance for shares in percentage points: weights are whole numbers, but their products are not. */
const tolerance = 0.05;

/** Compares the outcome of requests in a mesh with the expectations, and returns a verdict for each. */
export function judgeExpectations(
  { objects, options }: TrafficInput,
  expectations: readonly Expectation[],
): ExpectationVerdict[] {
  if (expectations.length === 0) return [];
  const requests = expectations.map(({ request }) => requestOf(request));
  const traffic = trafficModel(objects, options, ...requests.filter((request) => typeof request !== 'string'));
  return expectations.map((expectation, index) => judgeExpectation(traffic, expectation, requests[index] ?? ''));
}

function judgeExpectation(
  traffic: TrafficModel,
  expectation: Expectation,
  request: Request | string,
): ExpectationVerdict {
  if (typeof request === 'string') return { result: 'invalid', message: request };
  const sent = sentRequest(traffic, expectation.from, request);
  if (typeof sent === 'string') return { result: 'invalid', message: sent };
  const { client } = sent;
  const outcome = route(traffic, client.proxy, sent.request);
  const unknown = unknownsOf(outcome);
  const { least, most } = expectedShare(traffic, outcome, expectation);
  const { share: wanted = 100 } = expectation;
  const isPossible = wanted >= least - tolerance && wanted <= most + tolerance;
  if (isPossible && unknown.length === 0) return { result: 'holds', message: '' };
  const isOpen = outcome.kind === 'unknown' || outcome.unknown !== undefined;
  if (isOpen || isPossible) return { result: 'cannotTell', message: `cannot tell: ${unknown.join('; ')}` };
  const rule =
    outcome.rule === undefined
      ? ''
      : ` (${outcome.rule.kind} ${outcome.rule.namespace}/${outcome.rule.name} ${outcome.rule.path})`;
  const why = outcome.why === undefined || outcome.kind === 'routed' ? '' : `: ${outcome.why}`;
  return {
    result: 'fails',
    message: `expected ${expectedWords(expectation, client.title)}; instead: ${placeWords(outcome)}${why}${rule}`,
  };
}

function expectedWords({ to, status, share = 100 }: Expectation, from: string): string {
  const requests = `${share === 100 ? 'all' : `${share} % of the`} requests from ${from}`;
  return to === undefined ? `${requests} to get status ${status ?? ''}` : `${requests} to reach ${to}`;
}

/** Range of a part of the requests, in percent. */
interface Bounds {
  least: number;
  most: number;
}

/**
 * The part of the requests that meets the expectation. If the input does not show how a destination answers, all or
 * none of its requests may fail.
 */
function expectedShare(traffic: TrafficModel, outcome: Outcome, { to, status }: Expectation): Bounds {
  const { destinations = [], fault } = outcome;
  if (to === undefined && outcome.kind !== 'routed') return exactly(answerStatus(outcome) === status ? 100 : 0);
  const aborted = percentOf(fault?.abort?.share ?? '0');
  const parts = destinations.map((destination): Bounds => {
    const part = (percentOf(destination.share) * (100 - aborted)) / 100;
    const failing = (wanted?: number): number => (part * failingPart(destination, wanted)) / 100;
    if (to === undefined) {
      const least = failing(status);
      return { least, most: destination.unknown === undefined ? least : part };
    }
    if (!isNamed(traffic, destination, to)) return exactly(0);
    const most = part - failing();
    return { least: destination.unknown === undefined ? most : 0, most };
  });
  const atOnce = to === undefined && fault?.abort?.status === status ? aborted : 0;
  return {
    least: atOnce + sum(parts.map(({ least }) => least)),
    most: atOnce + sum(parts.map(({ most }) => most)),
  };
}

function exactly(share: number): Bounds {
  return { least: share, most: share };
}

/** The percentage of a destination's requests that fail, with a given status or with any. */
function failingPart({ missing, failures = [], closed }: WeightedDestination, status?: number): number {
  // A closed connection has no status.
  if (missing !== undefined) return status === undefined || (status === 503 && closed !== true) ? 100 : 0;
  const counted = failures.filter((failure) => status === undefined || failure.status === status);
  return sum(counted.map((failure) => percentOf(failure.share)));
}

/**
 * The status of an answer that a proxy gives; undefined for requests that bypass the mesh, and for closed connections.
 */
function answerStatus({ kind, status }: Outcome): number | undefined {
  if (kind === 'noRoute') return status ?? 404;
  return kind === 'blackHole' ? 502 : status;
}

/** `reviews`, `reviews.bookinfo`, a whole name, each perhaps with a subset: `reviews v3`. */
function isNamed(traffic: TrafficModel, { host, subset }: { host: string; subset?: string }, to: string): boolean {
  const [name = '', version] = to.trim().split(/\s+/);
  if (version !== undefined && version !== subset) return false;
  const short = destinationWords({ host });
  const isService = host.endsWith(`.svc.${traffic.mesh.config.domain}`);
  return name === host || name === short || (isService && (name === host.split('.')[0] || `${short}.svc` === name));
}

function percentOf(share: string): number {
  return fraction(share).mul(100).valueOf();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
