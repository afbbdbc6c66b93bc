import { asMap, asStringMap } from '../../mesh/json';
import type { MeshKind, MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { policyAttachment, type PolicyTarget } from '../../mesh/model/policy-attachment';
import { declaresWorkloads, isDescribed } from '../../mesh/model/externals';
import { formatLabels } from '../../mesh/model/endpoints';
import { type CheckOptions, examples, type Rule, type Violation } from '../rule';

/** Kinds with a selector, and where its labels are. AuthorizationPolicies with a selector are left to authz-selector-targets. */
const selectors: readonly [MeshKind, string, string][] = [
  ['PeerAuthentication', 'selector', 'matchLabels'],
  ['RequestAuthentication', 'selector', 'matchLabels'],
  ['Telemetry', 'selector', 'matchLabels'],
  ['WasmPlugin', 'selector', 'matchLabels'],
  ['ProxyConfig', 'selector', 'matchLabels'],
  ['Sidecar', 'workloadSelector', 'labels'],
  ['EnvoyFilter', 'workloadSelector', 'labels'],
  ['DestinationRule', 'workloadSelector', 'matchLabels'],
];
const targeting: readonly MeshKind[] = [
  'AuthorizationPolicy',
  'RequestAuthentication',
  'Telemetry',
  'WasmPlugin',
  'EnvoyFilter',
];
/** Kinds that apply to all workloads of their namespace unless they have a selector. */
const wholeNamespace: readonly MeshKind[] = [
  'AuthorizationPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
  'Telemetry',
  'WasmPlugin',
];
/** Kinds whose objects in the root namespace hold for the whole mesh. */
const meshWide: readonly MeshKind[] = ['RequestAuthentication', 'Telemetry', 'WasmPlugin', 'EnvoyFilter'];

/**
 * Mandatory when the input is complete, else advisory: another stack may have the pods. A namespace without workloads
 * in the input is judged only if the input is complete.
 */
export const attachesToNothing: Rule = {
  id: 'attaches-to-nothing',
  level: 'mandatory',
  title: 'every selector matches a workload, and every targetRef names an object that exists',
  istio: ['IST0101', 'IST0127'],
  kiali: ['KIA0004'],
  single: false,
  docs: {
    why: 'A policy whose selector matches no pod does nothing: mutual TLS stays off, tokens are not read, plugins are not loaded. The cluster accepts it.',
    ...examples(
      `
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  template: { metadata: { labels: { app: cart } } }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: cart, namespace: shop }
spec: { selector: { matchLabels: { app: carts } }, mtls: { mode: STRICT } }
`,
      ['app: carts', 'app: cart'],
    ),
    fix: 'Select labels that the pods carry, or name an object that exists. Declare workloads of other stacks in `externals.workloads`.',
  },
  check: (model, options) =>
    [
      ...selectors.flatMap(([kind, field, labels]) =>
        model.objects.ofKind(kind).flatMap((object) => emptySelector(model, options, object, kind, field, labels)),
      ),
      ...targeting.flatMap((kind) =>
        model.objects
          .ofKind(kind)
          .flatMap((object) =>
            policyAttachment(object).targets.flatMap((target) => missingTarget(model, options, object, target)),
          ),
      ),
      ...wholeNamespace.flatMap((kind) =>
        model.objects.ofKind(kind).flatMap((object) => emptyNamespace(model, options, object)),
      ),
    ].map((violation) => (options.complete === true ? violation : { ...violation, level: 'advisory' as const })),
};

function emptySelector(
  model: MeshModel,
  options: CheckOptions,
  { object, spec, namespace }: MeshObject,
  kind: MeshKind,
  field: string,
  labelsField: string,
): Violation[] {
  const labels = asStringMap(asMap(spec[field])[labelsField]);
  if (Object.keys(labels).length === 0) return [];
  const isWide = namespace === model.config.rootNamespace && meshWide.includes(kind);
  if (model.workloads.selectedBy(labels, isWide ? undefined : namespace).length > 0) return [];
  if (
    options.gatewayWorkloads?.some((pod) =>
      Object.entries(labels).every(([label, value]) => pod.labels[label] === value),
    )
  )
    return [];
  const hasPods = options.complete === true || (!isWide && model.workloads.inNamespace(namespace).length > 0);
  // Pods of a Gateway of the Gateway API are in no manifest.
  const isMade = Object.keys(labels).some((label) => label.startsWith('gateway.networking.k8s.io/'));
  if (!hasPods || isMade || declaresWorkloads(model, namespace)) return [];
  const message = `no workload of ${isWide ? 'the mesh' : `namespace ${namespace}`} has the labels ${formatLabels(labels)}, so this ${kind} has no effect; select labels that its pods carry`;
  return [{ object, path: `spec.${field}.${labelsField}`, message }];
}

function missingTarget(model: MeshModel, options: CheckOptions, policy: MeshObject, target: PolicyTarget): Violation[] {
  const { group, kind, name, path } = target;
  const { namespace, object } = policy;
  if (name === '' || exists(model, options, namespace, group, kind, name)) return [];
  const message = `there is no ${kind} "${name}" in namespace ${namespace}, so this ${policy.kind} has no effect there; name one that exists, or add it`;
  return [{ object, path: `${path}.name`, message }];
}

/** Also true for kinds whose objects the input does not show. */
function exists(
  model: MeshModel,
  { complete, externals }: CheckOptions,
  namespace: string,
  group: string,
  kind: string,
  name: string,
): boolean {
  switch (`${group === 'core' ? '' : group}/${kind}`) {
    case '/Service':
      return (
        !isDescribed(model, namespace) ||
        model.services
          .inNamespace(namespace)
          .some((service) => service.registry === 'Kubernetes' && service.name === name) ||
        externals?.hosts?.includes(`${name}.${namespace}.svc.${model.config.domain}`) === true
      );
    case 'networking.istio.io/ServiceEntry':
    case 'gateway.networking.k8s.io/Gateway': {
      // The input shows such objects of a namespace if it has one of them.
      const known = model.objects.ofGroupKind(group, kind).filter((object) => object.namespace === namespace);
      return known.some((object) => object.name === name) || (complete !== true && known.length === 0);
    }
    default:
      return true;
  }
}

/** A policy for a whole namespace without pods (IST0127). */
function emptyNamespace(model: MeshModel, options: CheckOptions, policy: MeshObject): Violation[] {
  const { selector, targets } = policyAttachment(policy);
  const { namespace, object } = policy;
  if (
    selector !== undefined ||
    targets.length > 0 ||
    options.complete !== true ||
    namespace === model.config.rootNamespace
  )
    return [];
  if (model.workloads.inNamespace(namespace).length > 0 || declaresWorkloads(model, namespace)) return [];
  const what = policy.kind === 'AuthorizationPolicy' ? 'policy protects nothing' : `${policy.kind} has no effect`;
  const message = `namespace ${namespace} has no workload, so this ${what}; move it to the namespace of the pods`;
  return [
    {
      object,
      path: 'metadata.namespace',
      message,
      ...(policy.kind === 'AuthorizationPolicy' ? {} : { level: 'advisory' as const }),
    },
  ];
}
