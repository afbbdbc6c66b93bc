import { pushTo } from '../collections';
import type { MeshService } from './services';
import type { MeshWorkload, WorkloadSource } from './workloads';

/** Workloads by labels. */
class Labelled {
  private readonly byLabel = new Map<string, MeshWorkload[]>();

  constructor(readonly all: readonly MeshWorkload[]) {
    for (const workload of all)
      for (const [label, value] of Object.entries(workload.labels))
        pushTo(this.byLabel, labelKey(label, value), workload);
  }

  /** Workloads with all of `labels`. No labels select every workload. */
  selectedBy(labels: Record<string, string>): MeshWorkload[] {
    const candidates = Object.entries(labels).map(([label, value]) => this.byLabel.get(labelKey(label, value)) ?? []);
    const fewest = candidates.reduce((least, list) => (list.length < least.length ? list : least), this.all);
    return fewest.filter((workload) => hasLabels(workload.labels, labels));
  }
}

/** Workloads by namespace and labels. */
export class WorkloadIndex {
  private readonly sources = new Map<string, WorkloadSource[]>();
  private readonly byNamespace = new Map<string, Labelled>();
  private every: Labelled | undefined;

  constructor(private readonly inOrder: readonly WorkloadSource[]) {
    for (const source of inOrder) pushTo(this.sources, source.namespace, source);
  }

  get all(): readonly MeshWorkload[] {
    return this.everywhere().all;
  }

  inNamespace(namespace: string): readonly MeshWorkload[] {
    return this.within(namespace).all;
  }

  get(namespace: string, name: string): MeshWorkload | undefined {
    return this.inNamespace(namespace).find((workload) => workload.name === name);
  }

  /** Workloads with all of `labels`, in one namespace or in all. No labels select every workload. */
  selectedBy(labels: Record<string, string>, namespace?: string): MeshWorkload[] {
    return (namespace === undefined ? this.everywhere() : this.within(namespace)).selectedBy(labels);
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

  private everywhere(): Labelled {
    return (this.every ??= new Labelled(this.inOrder.map(({ read }) => read())));
  }

  private within(namespace: string): Labelled {
    const known = this.byNamespace.get(namespace);
    if (known !== undefined) return known;
    const read = new Labelled((this.sources.get(namespace) ?? []).map((source) => source.read()));
    this.byNamespace.set(namespace, read);
    return read;
  }
}

/** Whether `labels` has every entry of `wanted`. */
export function hasLabels(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([label, value]) => labels[label] === value);
}

function labelKey(label: string, value: string): string {
  return `${label}=${value}`;
}
