import { conditionPattern } from '../../mesh/manifests/formats';
import type { ShiftOptions } from './options';

/** What Prometheus counted for one version of a route in a step. */
export interface Reading {
  requests: number;
  /** 5xx, or no response. */
  failed: number;
  /** 90th and 99th percentile of the latency in milliseconds; undefined without requests. */
  p90?: number;
  p99?: number;
}

/** Figures of one route: the versions that gain requests, and those that lose them. */
export interface RouteReading {
  route: string;
  canary: Reading;
  stable: Reading;
}

/** The value of a custom query; undefined when it has none. */
export interface QueryReading {
  query: string;
  value?: number;
}

export interface WebhookReading {
  url: string;
  /** undefined when it does not answer. */
  status?: number;
  text: string;
}

/** Everything that a step is judged by. */
export interface Figures {
  routes: RouteReading[];
  queries: QueryReading[];
  webhooks: WebhookReading[];
}

/** The result for one step. `unreachable`: Prometheus does not answer, so nothing was judged. */
export interface Verdict {
  result: 'pass' | 'fail' | 'inconclusive' | 'unreachable';
  reasons: string[];
  figures?: Figures;
}

type Limits = Pick<
  ShiftOptions,
  'maxErrorRate' | 'maxErrorIncrease' | 'maxP99' | 'maxP99Increase' | 'minRequests' | 'prometheus'
>;

/** Failed requests that an early judgement needs. */
const clearFailures = 5;
/** Quantile of the normal distribution for 99 %: an early judgement must be that certain. */
const sure = 2.33;

/**
 * Judges the figures of a step. A gate without figures has not passed.
 * @param isDue - whether the interval is over. Before that only a clear failure counts, so that a few bad requests of a
 * good version do not end its shift
 */
export function judge(limits: Limits, figures: Figures, isDue: boolean): Verdict {
  const failures = [
    ...figures.routes.flatMap((reading) => routeFailures(limits, reading, isDue)),
    ...figures.queries.flatMap(queryFailure),
    ...figures.webhooks.flatMap(({ url, status, text }) =>
      status !== undefined && (status < 200 || status > 299) ? [`webhook ${url} answers ${status}: ${text}`] : [],
    ),
  ];
  if (failures.length > 0) return { result: 'fail', reasons: failures, figures };
  const missing = [
    ...figures.routes.flatMap(({ route, canary }) =>
      canary.requests < limits.minRequests
        ? [`${route}: ${Math.round(canary.requests)} requests to the new version, ${limits.minRequests} are needed`]
        : [],
    ),
    ...figures.queries.flatMap(({ query, value }) => (value === undefined ? [`query ${query} has no value`] : [])),
    ...figures.webhooks.flatMap(({ url, status, text }) =>
      status === undefined ? [`webhook ${url} does not answer: ${text}`] : [],
    ),
  ];
  return { result: missing.length > 0 ? 'inconclusive' : 'pass', reasons: missing, figures };
}

function routeFailures(limits: Limits, { route, canary, stable }: RouteReading, isDue: boolean): string[] {
  const { maxErrorRate, maxErrorIncrease, maxP99, maxP99Increase, minRequests } = limits;
  const [hasEnough, hasStable] = [canary.requests >= minRequests, stable.requests >= minRequests];
  const [rate, stableRate] = [errorRate(canary), errorRate(stable)];
  const failsMore = (limit: number): boolean =>
    (isDue && hasEnough && rate > limit) || (canary.failed >= clearFailures && leastErrorRate(canary) > limit);
  // If a tenth of the requests is slower than the limit, more than a hundredth is.
  const quantile = isDue ? canary.p99 : canary.p90;
  const isSlower = (limit: number): boolean => hasEnough && quantile !== undefined && quantile > limit;
  const errors = `${route}: error rate ${percent(rate)} (${Math.round(canary.failed)} of ${Math.round(canary.requests)} requests)`;
  const latency = `${route}: p99 ${milliseconds(canary.p99)}`;
  const found: string[] = [];
  if (maxErrorRate !== undefined && failsMore(maxErrorRate))
    found.push(`${errors}, at most ${percent(maxErrorRate)}; stable ${percent(stableRate)}`);
  if (maxErrorIncrease !== undefined && hasStable && failsMore(stableRate + maxErrorIncrease))
    found.push(`${errors}, more than ${maxErrorIncrease} points above stable ${percent(stableRate)}`);
  if (maxP99 !== undefined && isSlower(maxP99))
    found.push(`${latency}, at most ${milliseconds(maxP99)}; stable ${milliseconds(stable.p99)}`);
  if (maxP99Increase !== undefined && hasStable && stable.p99 !== undefined)
    if (isSlower(stable.p99 * (1 + maxP99Increase / 100)))
      found.push(`${latency}, more than ${maxP99Increase} % above stable ${milliseconds(stable.p99)}`);
  return found;
}

/** The lowest error rate, in percent, that the counts make likely: the lower end of Wilson's interval. */
function leastErrorRate({ requests, failed }: Reading): number {
  const [share, square] = [Math.min(1, failed / requests), sure ** 2];
  const spread = sure * Math.sqrt((share * (1 - share)) / requests + square / (4 * requests ** 2));
  return ((share + square / (2 * requests) - spread) / (1 + square / requests)) * 100;
}

/** Failed requests in percent. */
export function errorRate({ requests, failed }: Reading): number {
  return requests === 0 ? 0 : (failed / requests) * 100;
}

export function percent(value: number): string {
  return `${Number(value.toFixed(2))} %`;
}

export function milliseconds(value: number | undefined): string {
  return value === undefined ? '-' : `${Math.round(value)} ms`;
}

/** A custom query: PromQL, and what its value must be. undefined when it does not end in a comparison with a number. */
export function parseQuery(query: string): { promql: string; holds: (value: number) => boolean } | undefined {
  const [, promql = '', operator = '', number = ''] = conditionPattern.exec(query.trim()) ?? [];
  if (promql === '') return undefined;
  const limit = Number(number);
  const operators: Record<string, (value: number) => boolean> = {
    '<=': (value) => value <= limit,
    '>=': (value) => value >= limit,
    '<': (value) => value < limit,
    '>': (value) => value > limit,
    '==': (value) => value === limit,
    '!=': (value) => value !== limit,
  };
  return { promql, holds: operators[operator] ?? (() => false) };
}

function queryFailure({ query, value }: QueryReading): string[] {
  if (value === undefined || parseQuery(query)?.holds(value) === true) return [];
  return [`query ${query}: its value is ${value}`];
}
