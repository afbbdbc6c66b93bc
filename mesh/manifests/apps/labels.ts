import type { WorkloadSettings } from './settings';

/** Labels of a workload's pods, as Istio reads them: `app` names the service, `version` the subset. */
export function workloadLabels(name: string, workload: WorkloadSettings): Record<string, string> {
  return workload.labels ?? { app: name };
}

/** The labels by which a workload finds its pods. A selector cannot change later, so it holds `app` and `version` alone where there are any. */
export function workloadSelector(name: string, workload: WorkloadSettings): Record<string, string> {
  const labels = workloadLabels(name, workload);
  const identity = Object.entries(labels).filter(([label]) => label === 'app' || label === 'version');
  return identity.length > 0 ? Object.fromEntries(identity) : labels;
}
