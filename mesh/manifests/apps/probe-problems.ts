import type { Problem } from '../weights';
import { portProblem } from './port';
import type { WorkloadSettings } from './settings';

/** The ways in which a probe can ask, of which it has exactly one. */
const handlers = ['httpGet', 'tcpSocket', 'exec', 'grpc'];

/** Every reason why Kubernetes would refuse a workload's probes, by path below the workload. */
export function probeProblems(workload: WorkloadSettings): Problem[] {
  return (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((key) => {
    const probe = workload[key];
    if (probe === undefined) return [];
    const used = handlers.filter((handler) => probe[handler] !== undefined);
    if (used.length !== 1) {
      const found = used.length === 0 ? 'has none' : `has ${used.join(', ')}`;
      return [{ path: [key], message: `a probe must have exactly one of ${handlers.join(', ')}; this ${found}` }];
    }
    return used.flatMap((handler) => {
      const { port } = probe[handler] as { port?: unknown };
      const message = typeof port === 'number' ? portProblem(port) : undefined;
      return message === undefined ? [] : [{ path: [key, handler, 'port'], message }];
    });
  });
}
