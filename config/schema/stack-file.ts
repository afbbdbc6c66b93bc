import * as z from 'zod';
import type {
  ExpectationSettings,
  NamespaceSettings,
  ProofSettings,
  StackSettings,
} from '../../mesh/manifests/settings';
import { anyMap, byLabel, filledList, label, stringMap, text, wholeNumber } from './values';
import type { KubernetesObject, ObjectMeta } from '../../mesh/manifests/kubernetes';
import { addressPattern, addressRule, proxyNamePattern, proxyNameRule } from '../../mesh/manifests/formats';
import { addons } from './addons';
import { apps } from './apps';
import { gateways } from './gateways';
import { istio } from './istio';
import { policy, type PolicySettings } from './policy';
import { rollouts } from './rollouts';
import { routes } from './routes';

export const namespace = z.strictObject({
  injection: z
    .boolean()
    .exactOptional()
    .describe('Sidecar injection on or off. Not together with revision. Default: no label.'),
  revision: label.exactOptional().describe('Injection by this control plane revision. Default: none.'),
  ambient: z.boolean().exactOptional().describe('Ambient mode. Default: false.'),
  existing: z
    .boolean()
    .exactOptional()
    .describe(
      'True if the namespace exists already, and is only labelled. Default: false; true for default and kube-*.',
    ),
  labels: stringMap.exactOptional().describe('Default: none.'),
  annotations: stringMap.exactOptional().describe('Default: none.'),
}) satisfies z.ZodType<NamespaceSettings>;

const namespaces = byLabel(namespace).describe('Namespaces by name.');

export const objectMeta = z.strictObject({
  name: text.describe('Name of the object.'),
  namespace: z.string().exactOptional().describe('Namespace. Default: none, for a cluster-scoped object.'),
  labels: stringMap.exactOptional(),
  annotations: stringMap.exactOptional(),
  finalizers: z.array(text).exactOptional(),
}) satisfies z.ZodType<ObjectMeta>;

export const kubernetesObject = z
  .object({
    apiVersion: text.describe('E.g. networking.istio.io/v1.'),
    kind: text.describe('E.g. ServiceEntry.'),
    metadata: objectMeta,
    spec: anyMap.exactOptional().describe('Verbatim.'),
  })
  .catchall(z.unknown()) satisfies z.ZodType<KubernetesObject>;

const objects = z.array(kubernetesObject).describe('Any Kubernetes or Istio object, verbatim.');

const adopt = z
  .union([
    z.boolean(),
    z.array(z.string().regex(/^[A-Z]\w* \S+$/, { error: 'must be KIND NAMESPACE/NAME, e.g. VirtualService shop/pay' })),
  ])
  .describe(
    'Existing objects and Helm releases to take over: true for all, or titles such as VirtualService shop/pay. Default: none.',
  );

const address = z.string().regex(addressPattern, { error: addressRule });
const proxyName = z.string().regex(proxyNamePattern, { error: proxyNameRule });

const proof = z
  .strictObject({
    enabled: z.boolean().exactOptional().describe('Default: true.'),
    timeoutSeconds: wholeNumber(1, 3600, 'seconds, a whole number')
      .exactOptional()
      .describe('Longest wait for one route; then the update fails and names the proxies that lag. Default: 60.'),
    strict: z
      .boolean()
      .exactOptional()
      .describe('Also fail when istiod cannot be reached. Default: false, which warns and continues without proof.'),
    drainSeconds: wholeNumber(0, 3600, 'seconds, a whole number')
      .exactOptional()
      .describe('How long a version is kept after its last route, so that open connections can end. Default: 5.'),
    istiod: filledList(address, 'address')
      .exactOptional()
      .describe('Addresses of the istiods, host[:15014], all replicas. Default: port-forwards to the istiod pods.'),
    proxies: z
      .record(proxyName, address)
      .exactOptional()
      .describe(
        "Addresses of proxies' admin pages, host[:15000], by <pod>.<namespace>. Default: port-forwards to their pods.",
      ),
  })
  .describe('How an update makes sure that its routes are live.') satisfies z.ZodType<ProofSettings>;

const expectation = z
  .strictObject({
    request: z
      .union([
        text,
        z.strictObject({
          url: text.describe('[PROTOCOL://]HOST[:PORT][/PATH].'),
          method: text.exactOptional().describe('Default: GET.'),
          headers: stringMap.exactOptional().describe('Default: none.'),
        }),
      ])
      .describe('The request: [METHOD ][PROTOCOL://]HOST[:PORT][/PATH], or a map with headers too.'),
    from: text
      .exactOptional()
      .describe(
        "The sender: 'gateway NAME', 'workload NAMESPACE/NAME', 'plain NAMESPACE' (no sidecar), a namespace, or 'NAMESPACE LABEL=VALUE'. Default: by the host.",
      ),
    to: text
      .exactOptional()
      .describe("Service that it reaches, perhaps with a subset: 'reviews', 'reviews.bookinfo v3'."),
    status: wholeNumber(100, 599, 'an HTTP status')
      .exactOptional()
      .describe("Status of a proxy's own answer, instead of to."),
    share: z
      .number()
      .min(0, { error: 'must be a percentage from 0 to 100' })
      .max(100, { error: 'must be a percentage from 0 to 100' })
      .exactOptional()
      .describe('Percentage of the requests. Default: 100.'),
  })
  .refine(({ to, status }) => (to === undefined) !== (status === undefined), {
    error: 'must say either to or status',
  }) satisfies z.ZodType<ExpectationSettings>;

const expect = z
  .array(expectation)
  .describe('Tests of routing: an update that would fail one is refused.') satisfies z.ZodType<ExpectationSettings[]>;

/** The sections of a stack file: the mesh, and the options of its checks. */
export interface StackFile extends StackSettings {
  policy?: PolicySettings;
}

export const stackFile = z.strictObject({
  istio: istio.exactOptional(),
  gateways: gateways.exactOptional(),
  namespaces: namespaces.exactOptional(),
  apps: apps.exactOptional(),
  addons: addons.exactOptional(),
  routes: routes.exactOptional(),
  rollouts: rollouts.exactOptional(),
  objects: objects.exactOptional(),
  adopt: adopt.exactOptional(),
  proof: proof.exactOptional(),
  expect: expect.exactOptional(),
  policy: policy.exactOptional(),
}) satisfies z.ZodType<StackFile>;

/** Names of the sections, in the order of the documentation. */
export const sectionNames = Object.keys(stackFile.shape) as (keyof StackFile)[];
