import { z } from 'zod';
import type { TrafficPolicy, WorkloadSelector } from '../../mesh/manifests/istio';
import type { DestinationRuleSettings, RouteSettings, VersionSettings } from '../../mesh/manifests/settings';
import { exportedObjectKeys, exportedObjectSettings } from './object-settings';
import { httpRule, tcpRule, tlsRule } from './rules';
import { byLabel, filledList, label, port, stringMap, text, verbatim } from './values';
import { weights } from './weights';

const policy = (description: string) => verbatim<TrafficPolicy>('map', 'DestinationRule.trafficPolicy', description);

export const version = z.strictObject({
  labels: stringMap.exactOptional().describe('Pod labels of the version. Default: version: <name>.'),
  trafficPolicy: policy('Traffic policy of this version. Default: none.').exactOptional(),
  name: text
    .exactOptional()
    .describe(
      "Name of the version's DestinationRule. Default: <service>.<version>. Without effect when the service asks for one rule.",
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
  hosts: filledList(text, 'host')
    .exactOptional()
    .describe('Hosts of the VirtualService. Default: the destination host.'),
  gateways: filledList(text, 'gateway')
    .exactOptional()
    .describe('Istio Gateways, name or namespace/name, and mesh. Default: the mesh alone.'),
  versions: z
    .union([versionNames, byLabel(version)])
    .exactOptional()
    .describe('Versions: a list of names, or name → settings. Default: none.'),
  weights: weights
    .exactOptional()
    .describe('Split of all requests that no rule sends elsewhere: version → whole percent, or rest. Default: none.'),
  http: z
    .array(httpRule)
    .exactOptional()
    .describe("Istio's HTTPRoute list, verbatim, in which weights may stand in place of route. Default: none."),
  tcp: z.array(tcpRule).exactOptional().describe("Istio's TCPRoute list, verbatim, likewise. Default: none."),
  tls: z.array(tlsRule).exactOptional().describe("Istio's TLSRoute list, verbatim, likewise. Default: none."),
  trafficPolicy: policy('Traffic policy of the whole service. Default: none.').exactOptional(),
  virtualService: exportedObjectSettings.exactOptional().describe("The VirtualService's own metadata."),
  destinationRule: destinationRule.exactOptional().describe("The DestinationRules' own metadata."),
}) satisfies z.ZodType<RouteSettings>;

export const routes = byLabel(byLabel(route)).describe('Routes: namespace → service → route.');
