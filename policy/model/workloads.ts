import { labelsOfPlace } from '../../mesh/model/endpoints';
import type { MeshModel, MeshService, MeshWorkload } from '../../mesh/model/mesh-model';
import { pushTo } from '../../mesh/collections';
import { memoizeByIdentity } from '../../mesh/model/memoize';

/** The Kubernetes Services in front of a workload. */
export function servicesOf(model: MeshModel, workload: MeshWorkload): readonly MeshService[] {
  return byWorkload(model).get(workload) ?? [];
}

const byWorkload = memoizeByIdentity((model: MeshModel): Map<MeshWorkload, MeshService[]> => {
  const found = new Map<MeshWorkload, MeshService[]>();
  for (const service of model.services.all) {
    if (service.registry !== 'Kubernetes') continue;
    for (const workload of model.workloads.behind(service)) pushTo(found, workload, service);
  }
  return found;
});

/** The labels of a subset that pods themselves have. */
export function podLabels(subset: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(subset).filter(([label]) => !labelsOfPlace.includes(label)));
}

/**
 * Labels of all endpoints of a service: its workloads, and the endpoints that a ServiceEntry lists. Undefined if the
 * input shows none.
 */
export function endpointLabels(model: MeshModel, service: MeshService): Record<string, string>[] | undefined {
  const found = [
    ...model.workloads.behind(service).map(({ labels }) => labels),
    ...service.endpoints.map(({ labels }) => labels),
  ];
  return found.length === 0 ? undefined : found;
}

/** The workloads of a service that a subset with these labels selects. */
export function subsetWorkloads(
  model: MeshModel,
  service: MeshService,
  labels: Record<string, string>,
): MeshWorkload[] {
  return model.workloads.behind(service, podLabels(labels));
}

/** A label that a subset and its Service's selector both ask for, with different values: no pod can have both. */
export function contradiction(
  labels: Record<string, string>,
  selector: Record<string, string> = {},
): string | undefined {
  return Object.keys(labels).find((label) => Object.hasOwn(selector, label) && selector[label] !== labels[label]);
}

/** Namespaces in which a policy has a selector, so that some workloads may have another mode than the namespace. */
export function hasSelectivePolicies(model: MeshModel, namespace: string): boolean {
  return model.objects
    .ofKind('PeerAuthentication')
    .some((policy) => policy.namespace === namespace && policy.spec['selector'] !== undefined);
}
