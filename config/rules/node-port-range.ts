import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

const lowest = 30000;
const highest = 32767;

/** Node ports outside the range that clusters have unless their API server is told otherwise. */
export function nodePortRangeAdvice({ gateways = {} }: StackFile): KeyProblem[] {
  return Object.entries(gateways).flatMap(([name, { service }]) =>
    Object.entries(service?.nodePorts ?? {})
      .filter(([, port]) => port < lowest || port > highest)
      .map(([key]) => ({
        keys: ['gateways', name, 'service', 'nodePorts', key],
        message: `clusters take node ports from ${lowest} to ${highest}, unless their --service-node-port-range says otherwise`,
      })),
  );
}
