import { asList, asMap, asName, asNumber, asString, isMap, type JsonMap } from '../../json';
import type { Destination, Fault, HeaderOperations, Retries } from '../outcome';
import { share, type Share } from '../share';
import { headerOperations } from './rewrites';

/** A destination as a rule names it, resolved to a FQDN; the port only if the rule states one. */
export interface RuleDestination {
  host: string;
  subset: string | undefined;
  port: number | undefined;
}

export interface WeightedRuleDestination extends RuleDestination {
  share: Share;
  headers: HeaderOperations | undefined;
  /** Host header set by the destination's header operations. */
  authority: string | undefined;
}

/** What a rule does with a request that it takes. */
export interface Action {
  /** Whether the rule is for TCP or TLS connections. */
  isL4: boolean;
  forward: WeightedRuleDestination[] | undefined;
  /** Whether the rule lists several destinations, even if all but one have weight 0. */
  several: boolean;
  /** Set when Envoy refuses the rule. */
  invalid: string | undefined;
  redirect: JsonMap | undefined;
  response: { status: number; body: string | undefined } | undefined;
  rewrite: JsonMap | undefined;
  /** Host header set by a rewrite or by the rule's header operations. */
  authority: string | undefined;
  headers: HeaderOperations | undefined;
  timeout: string | undefined;
  retries: Retries | undefined;
  fault: Fault | undefined;
  mirrors: (RuleDestination & { share: Share })[];
  cors: JsonMap | undefined;
}

export type ResolveHost = (host: string) => string;

/** Istio 1.30's retries for routes without retries (istio pilot/pkg/networking/core/route/retry/retry.go). */
export const defaultRetries: Retries = {
  attempts: 2,
  retryOn: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
};

/** An HTTP route of a VirtualService (route.go, TranslateRoute and applyHTTPRouteDestination). `meshRetries` is MeshConfig.defaultHttpRetryPolicy. */
export function httpAction(route: JsonMap, resolve: ResolveHost, meshRetries: unknown): Action {
  const redirect = isMap(route['redirect']) ? route['redirect'] : undefined;
  const response = isMap(route['directResponse']) && redirect === undefined ? route['directResponse'] : undefined;
  const forwards = redirect === undefined && response === undefined;
  const rewrite = isMap(route['rewrite']) && forwards ? route['rewrite'] : undefined;
  const { operations, authority } = headerOperations(route['headers']);
  const destinations = forwards ? weighted(route['route'], resolve) : undefined;
  return {
    isL4: false,
    forward: destinations,
    several: asList(route['route']).length > 1,
    invalid: destinations?.length === 0 ? 'the rule has no destination with a weight, and Envoy refuses it' : undefined,
    redirect,
    response: response && { status: asNumber(response['status']) ?? 0, body: responseBody(response['body']) },
    rewrite,
    authority: asName(rewrite?.['authority']) ?? authority,
    headers: operations,
    timeout: forwards ? stated(asString(route['timeout'])) : undefined,
    retries: forwards ? retries(route['retries'] ?? meshRetries) : undefined,
    fault: fault(asMap(route['fault'])),
    mirrors: forwards ? mirrors(route, resolve) : [],
    cors: isMap(route['corsPolicy']) ? route['corsPolicy'] : undefined,
  };
}

/** A TCP or TLS route. */
export function tcpAction(route: JsonMap, resolve: ResolveHost): Action {
  const several = asList(route['route']).length > 1;
  return { ...plainForward([]), isL4: true, forward: weighted(route['route'], resolve), several, retries: undefined };
}

/** The action without any rule: everything goes to one destination. */
export function defaultAction(destination: Destination, meshRetries: unknown): Action {
  const { host, port } = destination;
  const only = { host, subset: destination.subset, port, share: '1', headers: undefined, authority: undefined };
  return { ...plainForward([only]), retries: retries(meshRetries) };
}

/** The action for connections without any rule. */
export function defaultL4Action(destination: Destination): Action {
  return { ...defaultAction(destination, undefined), isL4: true, retries: undefined };
}

/** The action of a route whose outcome is fixed. */
export const noAction: Action = { ...plainForward([]), forward: undefined };

/** The action for connections to a listener that Envoy refuses. */
export function refusedAction(why: string): Action {
  return { ...plainForward([]), forward: undefined, invalid: why };
}

function plainForward(forward: WeightedRuleDestination[]): Action {
  return {
    isL4: false,
    forward,
    several: false,
    invalid: undefined,
    redirect: undefined,
    response: undefined,
    rewrite: undefined,
    authority: undefined,
    headers: undefined,
    timeout: undefined,
    retries: undefined,
    fault: undefined,
    mirrors: [],
    cors: undefined,
  };
}

/** A single destination takes everything, regardless of its weight. Among several, weight 0 takes nothing. */
function weighted(value: unknown, resolve: ResolveHost): WeightedRuleDestination[] {
  const entries = asList(value).filter(isMap);
  const weights = entries.map((entry) => (entries.length === 1 ? 1 : wholeWeight(entry['weight'])));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return entries.flatMap((entry, index) => {
    const weight = weights[index] ?? 0;
    if (weight === 0) return [];
    const { operations, authority } = headerOperations(entry['headers']);
    return [
      {
        ...ruleDestination(entry['destination'], resolve),
        share: share(weight, total),
        headers: operations,
        authority,
      },
    ];
  });
}

/** The API server accepts only whole numbers from 0 to 2147483647; any other weight counts as 0. */
function wholeWeight(value: unknown): number {
  const weight = asNumber(value) ?? 0;
  return Number.isInteger(weight) && weight > 0 && weight <= 2 ** 31 - 1 ? weight : 0;
}

function ruleDestination(value: unknown, resolve: ResolveHost): RuleDestination {
  const destination = asMap(value);
  return {
    host: resolve(asString(destination['host']) ?? ''),
    subset: asName(destination['subset']),
    port: asNumber(asMap(destination['port'])['number']),
  };
}

function retries(value: unknown): Retries | undefined {
  if (!isMap(value)) return defaultRetries;
  const attempts = asNumber(value['attempts']) ?? 0;
  if (attempts <= 0) return undefined;
  const perTryTimeout = asString(value['perTryTimeout']);
  return {
    attempts,
    retryOn: retryOn(asName(value['retryOn'])),
    ...(perTryTimeout === undefined ? {} : { perTryTimeout }),
  };
}

/** As Istio, adds `retriable-status-codes` to a list with status codes: Envoy ignores them without it. */
function retryOn(value: string | undefined): string {
  if (value === undefined) return defaultRetries.retryOn;
  const parts = value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const needsCodes = parts.some((part) => /^\d+$/.test(part)) && !parts.includes('retriable-status-codes');
  return [...parts, ...(needsCodes ? ['retriable-status-codes'] : [])].join(',');
}

function fault(value: JsonMap): Fault | undefined {
  const abort = asMap(value['abort']);
  const delay = asMap(value['delay']);
  const duration = asString(delay['fixedDelay']);
  const delayShare = percentage(delay) ?? share(asNumber(delay['percent']) ?? 0, 100);
  const status = asNumber(abort['httpStatus']);
  const grpcStatus = asName(abort['grpcStatus']);
  const parts: Fault = {
    ...(status === undefined && grpcStatus === undefined
      ? {}
      : {
          abort: {
            // Without a percentage nothing is aborted, unlike what one might expect.
            share: percentage(abort) ?? '0',
            ...(status === undefined ? {} : { status }),
            ...(grpcStatus === undefined ? {} : { grpcStatus }),
          },
        }),
    ...(duration === undefined ? {} : { delay: { share: delayShare, duration } }),
  };
  return Object.keys(parts).length === 0 ? undefined : parts;
}

/** Envoy counts in millionths and rounds down. */
function percentage(value: JsonMap): Share | undefined {
  if (!isMap(value['percentage'])) return undefined;
  return share(Math.floor((asNumber(value['percentage']['value']) ?? 0) * 10_000), 1_000_000);
}

function mirrors(route: JsonMap, resolve: ResolveHost): (RuleDestination & { share: Share })[] {
  const single = isMap(route['mirror'])
    ? [
        {
          ...ruleDestination(route['mirror'], resolve),
          share: mirrorShare(route['mirrorPercentage'], route['mirrorPercent']),
        },
      ]
    : [];
  const several = asList(route['mirrors'])
    .filter(isMap)
    .filter((mirror) => isMap(mirror['destination']))
    .map((mirror) => ({
      ...ruleDestination(mirror['destination'], resolve),
      share: mirrorShare(mirror['percentage'], undefined),
    }));
  return [...single, ...several].filter((mirror) => mirror.share !== '0');
}

function mirrorShare(percentageValue: unknown, percent: unknown): Share {
  const stated = percentage({ percentage: percentageValue });
  return stated ?? (asNumber(percent) === undefined ? '1' : share(asNumber(percent) ?? 0, 100));
}

function responseBody(value: unknown): string | undefined {
  const body = asMap(value);
  const bytes = asString(body['bytes']);
  return asString(body['string']) ?? (bytes === undefined ? undefined : Buffer.from(bytes, 'base64').toString('utf8'));
}

/** `0s` is not a timeout. */
function stated(timeout: string | undefined): string | undefined {
  return timeout === undefined || /^0+(\.0*)?s?$/.test(timeout) ? undefined : timeout;
}
