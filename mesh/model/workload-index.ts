import { pushTo } from '../collections';
import type { MeshService } from './services';
import type { MeshWorkload } from './workloads';

/** Workloads by labels. */
export class WorkloadIndex {
  private readonly byNamespace = new Map<string, MeshWorkload[]>();
  private readonly byLabel = new Map<string, MeshWorkload[]>();

  constructor(readonly all: readonly MeshWorkload[]) {
    for (const workload of all) {
      pushTo(this.byNamespace, workload.namespace, workload);
      for (const [label, value] of Object.entries(workload.labels))
        pushTo(this.byLabel, labelKey(label, value), workload);
    }
  }

  inNamespace(namespace: string): readonly MeshWorkload[] {
    return this.byNamespace.get(namespace) ?? [];
  }

  get(namespace: string, name: string): MeshWorkload | undefined {
    return this.inNamespace(namespace).find((workload) => workload.name === name);
  }

  /** Workloads with all of `labels`, in one namespace or in all. No labels select every workload. */
  selectedBy(labels: Record<string, string>, namespace?: string): MeshWorkload[] {
    const candidates = Object.entries(labels).map(([label, value]) => this.byLabel.get(labelKey(label, value)) ?? []);
    const all = namespace === undefined ? this.all : this.inNamespace(namespace);
    const fewest = candidates.reduce((least, list) => (list.length < least.length ? list : least), all);
    return fewest.filter(
      (workload) => (namespace === undefined || workload.namespace === namespace) && hasLabels(workload.labels, labels),
    );
  }

  /**
   * Workloads that a service and, with `subset`, the labels of one subset select; none for a service without a selector. Endpoints that a ServiceEntry lists are in
   * {@link MeshService.endpoints}. See endpoints.ts for replicas, and for what is unknown.
   */
  behind(service: MeshService, subset: Record<string, string> = {}): MeshWorkload[] {
    if (service.selector === undefined) return [];
    return this.selectedBy(service.selector, service.namespace).filter((workload) =>
      hasLabels(workload.labels, subset),
    );
  }
}

/** Whether `labels` has every entry of `wanted`. */
export function hasLabels(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([label, value]) => labels[label] === value);
}

function labelKey(label: string, value: string): string {
  return `${label}=${value}`;
}
