import { hasLabels } from '../../mesh/model/workload-index';
import { nearest } from '../../mesh/strings';
import { entries, entryClasses } from '../../mesh/traffic/classes/classes';
import type { Entry } from '../../mesh/traffic/classes/entry';
import type { TrafficModel } from '../../mesh/traffic/traffic-model';
import { UserError } from '../errors';
import { isAtGateway } from './kinds';
import type { LabPod, NodeStatus } from './lab-node';

/**
 * Ready pods with a sidecar that can call a host, the likeliest first: pods of its namespace, not of the service
 * itself, and pods that gateways route to.
 */
export function sendersTo(traffic: TrafficModel, { pods }: NodeStatus, { host }: Entry): LabPod[] {
  const [service] = traffic.mesh.services.withHost(host);
  const fronts = frontServices(traffic);
  const rank = (pod: LabPod): number =>
    (pod.namespace === service?.namespace ? 0 : 4) +
    (isBehind(pod, service) ? 2 : 0) +
    (fronts.some((front) => isBehind(pod, front)) ? 0 : 1);
  return pods
    .filter(({ role, ready }) => role === 'sidecar' && ready)
    .map((pod) => ({ pod, rank: rank(pod) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ pod }) => pod);
}

type Service = ReturnType<TrafficModel['mesh']['services']['withHost']>[number];

function frontServices(traffic: TrafficModel): Service[] {
  const atGateways = [...entries(traffic).values()].filter(isAtGateway);
  const hosts = atGateways.flatMap((entry) => entryClasses(entry).flatMap(({ outcome }) => outcome.destinations ?? []));
  return hosts.flatMap(({ host }) => traffic.mesh.services.withHost(host));
}

export function isBehind(pod: Pick<LabPod, 'namespace' | 'labels'>, service: Service | undefined): boolean {
  return (
    service?.selector !== undefined && pod.namespace === service.namespace && hasLabels(pod.labels, service.selector)
  );
}

/** @throws UserError that names the existing pods */
export function namedSender({ pods }: NodeStatus, from: string): LabPod {
  const dot = from.lastIndexOf('.');
  const [name, namespace] = [from.slice(0, dot), from.slice(dot + 1)];
  const own = pods.filter(({ role }) => role === 'sidecar' || role === 'app');
  const found = own.find(
    (pod) => pod.ready && pod.namespace === namespace && (pod.workload === name || pod.name === name),
  );
  if (dot > 0 && found !== undefined) return found;
  const names = [...new Set(own.filter(({ ready }) => ready).map((pod) => `${pod.workload}.${pod.namespace}`))];
  const near = nearest(from, names);
  throw new UserError(
    `--from ${from}: the lab has no such ready pod; write WORKLOAD.NAMESPACE${names.length === 0 ? '' : `, one of ${names.join(', ')}`}.${near === undefined ? '' : ` Did you mean ${near}?`}`,
  );
}
