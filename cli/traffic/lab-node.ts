import * as z from 'zod';
import { type Lab, labPorts } from '../../cluster/lab';
import { hasLabels } from '../../mesh/model/workload-index';
import { nearest } from '../../mesh/strings';
import { entries, type Entry, entryClasses } from '../../mesh/traffic/classes/classes';
import type { TrafficModel } from '../../mesh/traffic/traffic-model';
import { UserError } from '../errors';
import { isAtGateway } from './kinds';

/** Where the lab's node answers on 127.0.0.1. */
export type NodeAddress = Pick<Lab, 'nodePort' | 'egressPort'>;

const pod = z.object({
  namespace: z.string(),
  name: z.string(),
  workload: z.string(),
  role: z.string(),
  labels: z.record(z.string(), z.string()).nullish(),
  ready: z.boolean(),
  problem: z.string().optional(),
});
const nodePort = z.object({
  namespace: z.string(),
  service: z.string(),
  port: z.number(),
  nodePort: z.number(),
  address: z.string(),
});
const status = z.object({
  envoy: z.boolean(),
  pods: z.array(pod).nullish(),
  nodePorts: z.array(nodePort).nullish(),
});

/** A pod that the lab's node runs a process for. */
export interface LabPod extends Omit<z.infer<typeof pod>, 'labels'> {
  labels: Record<string, string>;
}

/** A port of the node that leads to a port of a Service. */
export type LabNodePort = z.infer<typeof nodePort>;

/** What the lab's node runs. */
export interface NodeStatus {
  /** Whether proxies run. */
  envoy: boolean;
  pods: LabPod[];
  nodePorts: LabNodePort[];
}

/** Longest wait for the status of the node, in milliseconds. */
const timeout = 2000;

/** Where the node of this checkout's lab answers; undefined before the first `lab up`. */
export async function nodeAddress(): Promise<NodeAddress | undefined> {
  const ports = await labPorts();
  return ports === undefined ? undefined : { nodePort: ports['lab-node'], egressPort: ports.egress };
}

/** The status of the lab's node; undefined when it does not answer. */
export async function nodeStatus({ nodePort: port }: Pick<NodeAddress, 'nodePort'>): Promise<NodeStatus | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/status`, { signal: AbortSignal.timeout(timeout) });
    const { envoy, pods, nodePorts } = status.parse(await response.json());
    return {
      envoy,
      pods: (pods ?? []).map((one) => ({ ...one, labels: one.labels ?? {} })),
      nodePorts: nodePorts ?? [],
    };
  } catch {
    return undefined; // Another program may have taken the port since the lab went down.
  }
}

/** The node ports of the lab; none when it is not up. */
export async function labNodePorts(): Promise<LabNodePort[]> {
  const address = await nodeAddress();
  return (address && (await nodeStatus(address)))?.nodePorts ?? [];
}

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
