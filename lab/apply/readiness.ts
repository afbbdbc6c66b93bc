import { asList, asMap, asNumber, asText, isMap } from '../../model/json';
import type { LiveObject } from '../api';

/** Kinds that become Ready, by `<group>/<kind>` of their apiVersion. */
export const waitedFor = [
  'v1/Node',
  'v1/Pod',
  'apps/v1/Deployment',
  'apps/v1/StatefulSet',
  'apps/v1/DaemonSet',
] as const;

/** The message of the first condition that says what is wrong. */
function complaint(status: unknown): string {
  const conditions = asList(asMap(status)['conditions']).filter(isMap);
  const bad = conditions.find(({ type, status: holds }) =>
    type === 'ReplicaFailure' ? holds === 'True' : holds === 'False',
  );
  const message = asText(bad?.['message']);
  return message === undefined ? '' : `: ${message}`;
}

/** Why an object is not Ready, as `kubectl rollout status` judges it; undefined when it is. */
export function unreadiness(object: LiveObject): string | undefined {
  const { kind, metadata } = object;
  const spec = asMap(object['spec']);
  const status = asMap(object.status);
  const count = (key: string): number => asNumber(status[key]) ?? 0;
  if (kind === 'Pod' || kind === 'Node') {
    const isReady = asList(status['conditions']).some(
      (one) => isMap(one) && one['type'] === 'Ready' && one['status'] === 'True',
    );
    return isReady || status['phase'] === 'Succeeded'
      ? undefined
      : `${kind === 'Node' ? 'not Ready' : (asText(status['phase']) ?? 'Pending')}${complaint(status)}`;
  }
  if (count('observedGeneration') < (metadata.generation ?? 0)) return 'its controller has not seen it yet';
  if (kind === 'DaemonSet') {
    const wanted = count('desiredNumberScheduled');
    const ready = Math.min(count('numberReady'), count('updatedNumberScheduled'));
    return ready >= wanted ? undefined : `${ready} of ${wanted} Pods Ready`;
  }
  const wanted = asNumber(spec['replicas']) ?? 1;
  const ready = Math.min(
    count(kind === 'Deployment' ? 'availableReplicas' : 'readyReplicas'),
    count('updatedReplicas'),
  );
  if (ready < wanted) return `${ready} of ${wanted} replicas Ready${complaint(status)}`;
  const old = count('replicas') - count('updatedReplicas');
  return old > 0 ? `${old} old replicas still run` : undefined;
}
