import { asList, asMap, asName, asStringMap, isMap } from '../json';
import type { MeshModel, MeshObject, MeshWorkload } from './mesh-model';
import { hasLabels } from './workload-index';

/** Kinds of policies that attach to workloads by selector or by targetRefs. */
export type AttachedKind = 'AuthorizationPolicy' | 'RequestAuthentication' | 'Telemetry' | 'WasmPlugin';

/** An object that a policy names in its targetRefs. */
export interface PolicyTarget {
  /** '' for the core group. */
  group: string;
  kind: string;
  name: string;
  /** E.g. `spec.targetRefs[0]`. */
  path: string;
}

/** The workloads that a policy applies to. */
export interface PolicyAttachment {
  source: MeshObject;
  /** Undefined for every workload of its namespace, or of the mesh in the root namespace. */
  selector: Record<string, string> | undefined;
  /** Services and gateways that it names instead of a selector. */
  targets: PolicyTarget[];
}

export function policyAttachment(source: MeshObject): PolicyAttachment {
  const { selector, targetRef, targetRefs } = source.spec;
  const labels = asStringMap(asMap(selector)['matchLabels']);
  const several = asList(targetRefs).flatMap((target, index) => policyTarget(target, `spec.targetRefs[${index}]`));
  return {
    source,
    selector: Object.keys(labels).length === 0 ? undefined : labels,
    // The list overrides the deprecated single reference.
    targets: several.length > 0 ? several : policyTarget(targetRef, 'spec.targetRef'),
  };
}

function policyTarget(target: unknown, path: string): PolicyTarget[] {
  if (!isMap(target)) return [];
  const group = asName(target['group']) ?? '';
  return [
    {
      group: group === 'core' ? '' : group,
      kind: asName(target['kind']) ?? '',
      name: asName(target['name']) ?? '',
      path,
    },
  ];
}

/** The label of pods that run a Gateway of the Gateway API, waypoints included. */
const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';

/**
 * The policies of a kind in force on a workload, oldest first: of its own and of the root namespace, by selector; a
 * workload that runs a Gateway of the Gateway API also has those that name the Gateway (istio
 * pilot/pkg/model/policyattachment.go). Policies of waypoints are not included, because clients do not call waypoints
 * directly.
 */
export function policiesFor(
  model: MeshModel,
  kind: AttachedKind,
  workload: Pick<MeshWorkload, 'namespace' | 'labels'>,
): MeshObject[] {
  const { rootNamespace } = model.config;
  return model.objects
    .ofKind(kind)
    .filter(({ namespace }) => namespace === workload.namespace || namespace === rootNamespace)
    .filter((policy) => isFor(policyAttachment(policy), workload));
}

/** Whether the selector or the targetRefs of a policy choose a workload. The namespace counts only for targetRefs. */
function isFor(
  { source, selector = {}, targets }: PolicyAttachment,
  { namespace, labels }: Pick<MeshWorkload, 'namespace' | 'labels'>,
): boolean {
  if (targets.length === 0) return hasLabels(labels, selector);
  const gateway = labels[gatewayNameLabel];
  return (
    gateway !== undefined &&
    namespace === source.namespace &&
    targets.some(
      ({ group, kind, name }) => group === 'gateway.networking.k8s.io' && kind === 'Gateway' && name === gateway,
    )
  );
}

/**
 * The workloads that a policy applies to: in its namespace, or in the whole mesh if it is in the root namespace. A
 * targetRef to a Service means the workloads behind it, whose waypoint applies the policy.
 */
export function workloadsOfPolicy(model: MeshModel, policy: MeshObject): MeshWorkload[] {
  const attachment = policyAttachment(policy);
  const namespace = policy.namespace === model.config.rootNamespace ? undefined : policy.namespace;
  if (attachment.targets.length === 0) return model.workloads.selectedBy(attachment.selector ?? {}, namespace);
  const gateways = model.workloads.inNamespace(policy.namespace).filter((workload) => isFor(attachment, workload));
  const services = attachment.targets
    .filter(({ group, kind }) => group === '' && kind === 'Service')
    .flatMap(({ name }) => model.serviceFor(name, policy.namespace) ?? []);
  return [...gateways, ...services.flatMap((service) => model.workloads.behind(service))];
}

/** Whether a field of an AuthorizationPolicy names a value; `*` at one end stands for any characters. */
export function matchesPolicyValue(value: string, pattern: string): boolean {
  if (pattern === '*') return true;
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
  return pattern.startsWith('*') ? value.endsWith(pattern.slice(1)) : value === pattern;
}
