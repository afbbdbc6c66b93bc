import type { MeshModel, MeshService, MeshWorkload } from '../../model/mesh-model';
import { pushTo } from '../../model/object-index';

const cache = new WeakMap<MeshModel, Map<MeshWorkload, MeshService[]>>();

/** The Kubernetes Services in front of a workload. */
export function servicesOf(model: MeshModel, workload: MeshWorkload): readonly MeshService[] {
  const known = cache.get(model) ?? byWorkload(model);
  cache.set(model, known);
  return known.get(workload) ?? [];
}

function byWorkload(model: MeshModel): Map<MeshWorkload, MeshService[]> {
  const found = new Map<MeshWorkload, MeshService[]>();
  for (const service of model.services.all) {
    if (service.registry !== 'Kubernetes') continue;
    for (const workload of model.workloads.behind(service)) pushTo(found, workload, service);
  }
  return found;
}
