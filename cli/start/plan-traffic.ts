import type { KubernetesObject } from '../../components/manifests/kubernetes';
import type { Lab, Plan } from '../../lab';
import { trafficDiffText } from '../../traffic/diff/diff-text';
import { trafficDiff } from '../../traffic/diff/traffic-diff';
import { appliedTo } from '../traffic/applied';
import { clusterTraffic } from '../traffic/cluster';

/** What a plan does to traffic, class by class; '' where it changes nothing, or where nothing of the stack was there before. */
export function planTraffic(lab: Lab, objects: KubernetesObject[], plan: Plan): string {
  const { created, changed, removed, unchanged } = plan;
  if (created.length + changed.length + removed.length === 0 || changed.length + removed.length + unchanged === 0)
    return '';
  const before = clusterTraffic({ kubectl: lab.kubectl, kubeconfig: lab.kubeconfig });
  const after = appliedTo(before, { objects, options: {} }, removed);
  return `Traffic\n${trafficDiffText(trafficDiff(before.objects, after.objects))}\n`;
}
