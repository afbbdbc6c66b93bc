import { reach } from '../../../../mesh/traffic/endpoints';
import type { Request } from '../../../../mesh/traffic/request';
import { route } from '../../../../mesh/traffic/route';
import { fraction, share, type Share } from '../../../../mesh/traffic/share';
import type { TrafficModel } from '../../../../mesh/traffic/traffic-model';
import { unknownsOf } from '../../../../mesh/traffic/unknowns';
import type { Expected } from './expected';
import { senders, type Sender } from './server-world';

/** What becomes of a request, down to the pod that answers and whom it takes for the caller; empty where the model says unknown. */
export function expectedAtServer(traffic: TrafficModel, from: Sender, request: Request): Expected {
  const proxy = senders[from];
  const outcome = route(traffic, proxy, request);
  const all: Expected = new Map();
  if (unknownsOf(outcome).length > 0) return all;
  const add = (text: string, part: Share): void => {
    all.set(text, share(fraction(all.get(text) ?? '0').add(fraction(part))));
  };
  if (outcome.kind !== 'routed')
    return new Map([[outcome.status === undefined ? 'closed' : String(outcome.status), '1']]);
  for (const destination of outcome.destinations ?? []) {
    const { missing, failures = [], closed } = destination;
    if (missing !== undefined) {
      add(closed === true ? 'closed' : '503', destination.share);
      continue;
    }
    for (const { name, share: own, workload, connection } of reach(traffic.mesh, traffic.view(proxy), destination)
      .places) {
      const part = share(fraction(destination.share).mul(fraction(own)));
      const failure = failures.find(({ places }) => places.includes(name));
      const caller = connection.mutual ? `${proxy.namespace}/${proxy.serviceAccount ?? ''}` : undefined;
      const isHttp = request.protocol !== 'tcp';
      add(
        failure === undefined
          ? answered(workload?.name ?? name, isHttp ? caller : undefined)
          : String(failure.status ?? 'closed'),
        part,
      );
    }
  }
  return all;
}

/** The pod's answer as one text: its workload, and the caller as the sidecar tells it to the application. */
export function answered(workload: string, caller: string | undefined): string {
  return caller === undefined ? workload : `${workload} for ${caller}`;
}
