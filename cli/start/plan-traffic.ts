import type { KubernetesObject } from '../../components/manifests/kubernetes';
import type { Lab, Plan } from '../../lab';
import { trafficDiffText } from '../../traffic/diff/diff-text';
import { trafficDiff } from '../../traffic/diff/traffic-diff';
import { appliedTo } from '../traffic/applied';
import { clusterTraffic } from '../traffic/cluster';

/** What decides on traffic, before and after a plan is carried out. */
export interface PlannedTraffic {
  before: readonly KubernetesObject[];
  after: readonly KubernetesObject[];
}

/** What a plan does to what decides on traffic; undefined where it changes nothing, or where nothing of the stack was there before. */
export function plannedTraffic(lab: Lab, objects: KubernetesObject[], plan: Plan): PlannedTraffic | undefined {
  const { created, changed, removed, unchanged } = plan;
  if (created.length + changed.length + removed.length === 0) return undefined;
  if (changed.length + removed.length + unchanged === 0) return undefined;
  const before = clusterTraffic({ kubectl: lab.kubectl, kubeconfig: lab.kubeconfig });
  const after = appliedTo(before, { objects, options: {} }, removed);
  return { before: before.objects, after: after.objects };
}

/** What becomes of traffic, class by class. */
export function plannedTrafficText({ before, after }: PlannedTraffic): string {
  return `Traffic\n${trafficDiffText(trafficDiff(before, after))}\n`;
}
