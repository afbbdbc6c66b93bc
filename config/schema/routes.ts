import * as z from 'zod';
import type {
  DestinationRuleSettings,
  HttpRuleSettings,
  RouteSettings,
  TcpRuleSettings,
  TlsRuleSettings,
  VersionSettings,
  Weight,
  Weights,
} from '../../mesh/manifests/settings';
import { fullWeight, weightProblems } from '../../mesh/manifests/weights';
import {
  byLabel,
  exportedObjectKeys,
  exportedObjectSettings,
  filledList,
  label,
  port,
  stringMap,
  text,
  verbatim,
} from './values';
import type {
  DestinationHeaders,
  HttpRoute,
  TcpRoute,
  TlsRoute,
  TrafficPolicy,
  WorkloadSelector,
} from '../../mesh/manifests/istio';

/** Checks single weights; config/rules checks their sum. */
const error = ({ input }: { input?: unknown }) =>
  weightProblems({ it: input as Weight }).find(({ path }) => path.length > 0)?.message;

const weight = z.union([z.int({ error }).min(0, { error }).max(fullWeight, { error }), z.literal('rest')], {
  error,
}) satisfies z.ZodType<Weight>;

export const weights = byLabel(weight) satisfies z.ZodType<Weights>;

/** Istio's HTTPRoute, TCPRoute and TLSRoute by field, so that a misspelt field is found here; the fields themselves are Istio's. */

type Field<T, K extends keyof T> = Exclude<T[K], undefined>;

const http = <K extends keyof HttpRoute>(name: K, shape: 'map' | 'list' | 'string' | 'number', description: string) =>
  verbatim<Field<HttpRoute, K>>(shape, `VirtualService.http[].${name}`, description);

const ruleWeights = weights
  .exactOptional()
  .describe("The split of this rule: version → weight, instead of route. Default: the service's weights.");

export const httpRule = z.strictObject({
  weights: ruleWeights,
  name: http('name', 'string', 'Name of the rule.').exactOptional(),
  match: http('match', 'list', 'Which requests the rule takes. Default: all.').exactOptional(),
  route: http('route', 'list', 'Destinations.').exactOptional(),
  redirect: http('redirect', 'map', 'Redirect instead of a destination.').exactOptional(),
  directResponse: http('directResponse', 'map', 'Fixed answer instead of a destination.').exactOptional(),
  delegate: http('delegate', 'map', 'VirtualService that the rule delegates to.').exactOptional(),
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

const policy = (description: string) => verbatim<TrafficPolicy>('map', 'DestinationRule.trafficPolicy', description);

export const version = z.strictObject({
  host: text
    .exactOptional()
    .describe("Host of the version's own Service, e.g. pay-canary; the version is then no subset. Default: none."),
  headers: verbatim<DestinationHeaders>(
    'map',
    'VirtualService.http[].route[].headers',
    'Changes to headers of requests that a split sends to this version. Default: none.',
  ).exactOptional(),
  labels: stringMap
    .exactOptional()
    .describe('Pod labels of the version; {} for a subset of all pods. Default: version: <name>.'),
  trafficPolicy: policy('Traffic policy of this version. Default: none.').exactOptional(),
  name: text
    .exactOptional()
    .describe(
      "Name of the version's DestinationRule. Default: <service>.<version>. Ignored if the service has one DestinationRule for all versions.",
    ),
}) satisfies z.ZodType<VersionSettings>;

/** Names of versions, each once. */
const versionNames = filledList(label, 'version')
  .superRefine((names, context) => {
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) < index)
        context.addIssue({
          code: 'custom',
          path: [index],
          message: `version "${name}" is listed already; list each once`,
        });
    }
  })
  .meta({ uniqueItems: true });

export const destinationRule = z.strictObject({
  ...exportedObjectKeys,
  install: z
    .boolean()
    .exactOptional()
    .describe('False: the subsets are in a DestinationRule that something else writes. Default: true.'),
  host: text
    .exactOptional()
    .describe('Host of the rule, where it is spelled in another way. Default: the destination host.'),
  order: versionNames
    .exactOptional()
    .describe('Order of the subsets in a rule that holds all of them. Default: that of versions.'),
  name: text.exactOptional().describe('One DestinationRule of this name with all subsets. Default: one per version.'),
  workloadSelector: verbatim<WorkloadSelector>(
    'map',
    'DestinationRule.workloadSelector',
    'Workloads that the rule is for. Default: all.',
  ).exactOptional(),
}) satisfies z.ZodType<DestinationRuleSettings>;

export const route = z.strictObject({
  host: text.exactOptional().describe("Destination host. Default: the service's key."),
  port: port.exactOptional().describe('Destination port, for a service with several. Default: none.'),
  hosts: z
    .array(text)
    .exactOptional()
    .describe('Hosts of the VirtualService; [] for one that others delegate to. Default: the destination host.'),
  gateways: filledList(text, 'gateway')
    .exactOptional()
    .describe('Istio Gateways, name or namespace/name, and mesh. Default: the mesh alone.'),
  versions: z
    .union([versionNames, byLabel(version)])
    .exactOptional()
    .describe('Versions: a list of names, or name → settings. Default: none.'),
  order: versionNames.exactOptional().describe('Order of the destinations in a split. Default: that of the weights.'),
  weights: weights
    .exactOptional()
    .describe('Split of all requests that no rule sends elsewhere: version → whole percent, or rest. Default: none.'),
  http: z
    .array(httpRule)
    .exactOptional()
    .describe("Istio's HTTPRoute list, verbatim, in which weights may replace route. Default: none."),
  tcp: z.array(tcpRule).exactOptional().describe("Istio's TCPRoute list, verbatim, likewise. Default: none."),
  tls: z.array(tlsRule).exactOptional().describe("Istio's TLSRoute list, verbatim, likewise. Default: none."),
  trafficPolicy: policy('Traffic policy of the whole service. Default: none.').exactOptional(),
  weightsOwnedBy: text
    .exactOptional()
    .describe(
      'Who sets the weights in the cluster: argo, flagger or another field manager. Updates then leave the weights alone. Default: the stack.',
    ),
  virtualService: exportedObjectSettings.exactOptional().describe("The VirtualService's own metadata."),
  destinationRule: destinationRule.exactOptional().describe("The DestinationRules' own metadata."),
}) satisfies z.ZodType<RouteSettings>;

export const routes = byLabel(byLabel(route)).describe('Routes: namespace → service → route.');
