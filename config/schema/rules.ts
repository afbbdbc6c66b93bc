import { z } from 'zod';
import type { HttpRoute, TcpRoute, TlsRoute } from '../../mesh/manifests/istio';
import type { HttpRuleSettings, TcpRuleSettings, TlsRuleSettings } from '../../mesh/manifests/settings';
import { verbatim } from './values';
import { weights } from './weights';

/** Istio's HTTPRoute, TCPRoute and TLSRoute by field, so that a misspelt field is found here; the fields themselves are Istio's. */

type Field<T, K extends keyof T> = Exclude<T[K], undefined>;

const http = <K extends keyof HttpRoute>(name: K, shape: 'map' | 'list' | 'string' | 'number', description: string) =>
  verbatim<Field<HttpRoute, K>>(shape, `VirtualService.http[].${name}`, description);

const ruleWeights = weights
  .exactOptional()
  .describe("The split of this rule: version → weight, in place of route. Default: the service's weights.");

export const httpRule = z.strictObject({
  weights: ruleWeights,
  name: http('name', 'string', 'Name of the rule.').exactOptional(),
  match: http('match', 'list', 'Which requests the rule takes. Default: all.').exactOptional(),
  route: http('route', 'list', 'Destinations.').exactOptional(),
  redirect: http('redirect', 'map', 'Redirect in place of a destination.').exactOptional(),
  directResponse: http('directResponse', 'map', 'Fixed answer in place of a destination.').exactOptional(),
  delegate: http('delegate', 'map', 'VirtualService that takes over.').exactOptional(),
  rewrite: http('rewrite', 'map', 'Rewrite of path and authority.').exactOptional(),
  timeout: http('timeout', 'string', 'Timeout, e.g. 0.5s. Default: none.').exactOptional(),
  retries: http('retries', 'map', 'Retry policy. Default: two attempts.').exactOptional(),
  fault: http('fault', 'map', 'Injected delays and aborts.').exactOptional(),
  mirror: http('mirror', 'map', 'Destination of a copy of the traffic.').exactOptional(),
  mirrors: http('mirrors', 'list', 'Destinations of copies of the traffic.').exactOptional(),
  mirrorPercent: http('mirrorPercent', 'number', 'Deprecated: use mirrorPercentage.').exactOptional(),
  mirror_percent: http('mirror_percent', 'number', 'Deprecated: use mirrorPercentage.').exactOptional(),
  mirrorPercentage: http('mirrorPercentage', 'map', 'Share that is mirrored. Default: all.').exactOptional(),
  corsPolicy: http('corsPolicy', 'map', 'Cross-origin policy.').exactOptional(),
  headers: http('headers', 'map', 'Changes to headers.').exactOptional(),
}) satisfies z.ZodType<HttpRuleSettings>;

export const tcpRule = z.strictObject({
  weights: ruleWeights,
  match: verbatim<Field<TcpRoute, 'match'>>(
    'list',
    'VirtualService.tcp[].match',
    'Which connections the rule takes. Default: all.',
  ).exactOptional(),
  route: verbatim<Field<TcpRoute, 'route'>>('list', 'VirtualService.tcp[].route', 'Destinations.').exactOptional(),
}) satisfies z.ZodType<TcpRuleSettings>;

export const tlsRule = z.strictObject({
  weights: ruleWeights,
  match: verbatim<TlsRoute['match']>('list', 'VirtualService.tls[].match', 'Which connections the rule takes, by SNI.'),
  route: verbatim<Field<TlsRoute, 'route'>>('list', 'VirtualService.tls[].route', 'Destinations.').exactOptional(),
}) satisfies z.ZodType<TlsRuleSettings>;
