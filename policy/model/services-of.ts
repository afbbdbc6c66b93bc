import type { MeshModel, MeshService, MeshWorkload } from '../../mesh/model/mesh-model';
import { pushTo } from '../../mesh/model/object-index';
import { oncePer } from '../../mesh/model/once-per';

/** The Kubernetes Services in front of a workload. */
export function servicesOf(model: MeshModel, workload: MeshWorkload): readonly MeshService[] {
  return byWorkload(model).get(workload) ?? [];
}

const byWorkload = oncePer((model: MeshModel): Map<MeshWorkload, MeshService[]> => {
  const found = new Map<MeshWorkload, MeshService[]>();
  for (const service of model.services.all) {
    if (service.registry !== 'Kubernetes') continue;
    for (const workload of model.workloads.behind(service)) pushTo(found, workload, service);
  }
  return found;
});
