import type { StackSettings } from '../manifests/settings';
import { clientNamed } from './client-names';
import { destinationWords, placeWords } from './words';
import type { Outcome } from './outcome';
import { requestOf } from './request-string';
import { route } from './route';
import { trafficModel, type TrafficModel } from './traffic-model';
import type { Request } from './request';
import type { TrafficInput } from './stack-objects';
import { fraction } from './share';

/** A test of routing that a stack file holds. */
export type Expectation = NonNullable<StackSettings['expect']>[number];

export interface ExpectationVerdict {
  /** `cannotTell`: what decides is not in the input, or not followed. `invalid`: the expectation itself is wrong. */
  result: 'holds' | 'fails' | 'cannotTell' | 'invalid';
  /** What happens instead, or what is unknown; '' when it holds. */
  message: string;
}

/** Percentage points within which shares count as equal: weights are whole, but their products are not. */
const tolerance = 0.05;

/** Compares what becomes of requests in a mesh with what is expected of them, one verdict for each expectation. */
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
  const client = clientNamed(traffic, expectation.from, request);
  if (typeof client === 'string') return { result: 'invalid', message: client };
  const outcome = route(traffic, client.proxy, request);
  const share = expectedShare(traffic, outcome, expectation);
  const { share: wanted = 100 } = expectation;
  if (Math.abs(share - wanted) <= tolerance && outcome.unknown === undefined) return { result: 'holds', message: '' };
  if (outcome.kind === 'unknown' || outcome.unknown !== undefined) {
    const reasons = outcome.unknown ?? [outcome.why ?? 'the input does not say'];
    return { result: 'cannotTell', message: `cannot tell: ${reasons.join('; ')}` };
  }
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

/** The part of the requests, in percent, that meets the expectation. */
function expectedShare(traffic: TrafficModel, outcome: Outcome, { to, status }: Expectation): number {
  const { destinations = [], fault } = outcome;
  const aborted = fault?.abort?.status === undefined ? 0 : percentOf(fault.abort.share);
  const reached = (100 - aborted) / 100;
  if (to !== undefined) {
    const arriving = destinations
      .filter((destination) => isNamed(traffic, destination, to) && destination.missing === undefined)
      .map((destination) => {
        const failed = sum((destination.failures ?? []).map((failure) => percentOf(failure.share)));
        return (percentOf(destination.share) * (100 - failed)) / 100;
      });
    return sum(arriving) * reached;
  }
  if (outcome.kind !== 'routed') return answerStatus(outcome) === status ? 100 : 0;
  const failing = destinations.map((destination) => {
    const part = percentOf(destination.share);
    if (destination.missing !== undefined) return status === 503 ? part : 0;
    const failed = (destination.failures ?? []).filter((failure) => failure.status === status);
    return (part * sum(failed.map((failure) => percentOf(failure.share)))) / 100;
  });
  return sum(failing) * reached + (fault?.abort?.status === status ? aborted : 0);
}

/** The status of an answer that a proxy gives; undefined for what goes past the mesh, or is closed. */
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
