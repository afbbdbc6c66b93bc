import * as z from 'zod';
import { labPorts, type Lab } from '../../cluster/lab';

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
