import * as z from 'zod';
import { levels } from '../../policy/finding';
import type { CheckOptions, GatewayWorkload } from '../../policy/rule';
import type { MeshOptions } from '../../mesh/model/mesh-model';
import { anyMap, label, port, stringMap, text, wholeNumber } from './values';

/** The check options that a stack file may set. Its routes and the current time need no option. */
export type PolicySettings = Omit<CheckOptions, 'now' | 'routes' | 'mesh'> & {
  mesh?: Pick<MeshOptions, 'rootNamespace' | 'domain' | 'meshConfig'>;
};

const names = (what: string) => z.array(text).exactOptional().describe(`${what} Default: none.`);
const percentagePoints = wholeNumber(0, 100, 'whole percentage points');

const externals = z.strictObject({
  namespaces: names('Namespaces that exist.'),
  gateways: names('Istio Gateways that exist, as namespace/name.'),
  hosts: names('Hosts that exist, as FQDN.'),
  workloads: names('Workloads that exist, as namespace/name.'),
  secrets: names('Secrets that exist, as namespace/name.'),
  serviceAccounts: names('ServiceAccounts that exist, as namespace/name.'),
}) satisfies z.ZodType<PolicySettings['externals']>;

const gatewayWorkload = z.strictObject({
  namespace: label.describe('Namespace of the workload.'),
  labels: stringMap.describe('Labels of its pods.'),
  serviceAccount: label.exactOptional().describe('ServiceAccount of its pods. Default: unknown.'),
  ports: z
    .array(z.strictObject({ port, targetPort: port.exactOptional() }))
    .exactOptional()
    .describe('Ports of its Service. Default: unknown.'),
}) satisfies z.ZodType<GatewayWorkload>;

export const policy = z
  .strictObject({
    rules: z
      .record(z.string(), z.enum([...levels, 'off']))
      .exactOptional()
      .describe("Level by rule id: mandatory, advisory or off. Default: each rule's own."),
    externals: externals.exactOptional().describe('Names that exist outside the stack; "*" stands for every name.'),
    complete: z
      .boolean()
      .exactOptional()
      .describe('The stack and externals are complete: other names do not exist. Default: false.'),
    environment: text
      .exactOptional()
      .describe('Name of the environment; prod and production switch on more rules. Default: none.'),
    maxStep: percentagePoints.exactOptional().describe('Largest change of a weight in one update. Default: no limit.'),
    initialStep: percentagePoints
      .exactOptional()
      .describe('Largest weight with which a version may appear. Default: no limit.'),
    rolloutController: names('Objects, as namespace/name or "*", whose weights Argo Rollouts or Flagger moves.'),
    gatewayWorkloads: z
      .array(gatewayWorkload)
      .exactOptional()
      .describe('Gateway workloads besides those of meshwright:gateways. Default: none.'),
    revisions: names('Control plane revisions and tags besides the one of meshwright:istio.'),
    istioVersion: text.exactOptional().describe("Version of the mesh. Default: meshwright:istio's."),
    mesh: z
      .strictObject({
        rootNamespace: label.exactOptional().describe("Default: meshwright:istio's namespace."),
        domain: text.exactOptional().describe('Default: cluster.local.'),
        meshConfig: anyMap.exactOptional().describe("Default: meshwright:istio's."),
      })
      .exactOptional()
      .describe('The mesh, for a stack without meshwright:istio.'),
  })
  .describe(
    'Options of the checks: what exists outside the stack, levels of rules, limits on weights.',
  ) satisfies z.ZodType<PolicySettings>;
