import { Connection } from '../../../cluster/api';
import type { MeshViewOptions } from '../../../cluster/proxies';
import { defined, objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { Cluster } from '../../../provider/cluster';
import { executePlan, InFlightUpdates } from '../../../provider/execute-plan';
import { ownerOf } from '../../../provider/ownership';
import { planOf } from '../../../provider/plan';
import { Prover } from '../../../provider/prove';
import type { ObjectsByTitle } from '../../../provider/route-state';

export interface InOrderOptions {
  /** The cluster, and how istiod and the proxies are reached. */
  mesh: MeshViewOptions;
  timeoutSeconds: number;
  drainSeconds: number;
}

/** Changes a mesh from one set of routing objects to another with the route provider's plan. */
export async function applyInOrder(
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  { mesh, timeoutSeconds, drainSeconds }: InOrderOptions,
): Promise<void> {
  const [from, to] = [byTitle(before), byTitle(after)];
  const log = {
    info: () => undefined,
    progress: () => undefined,
    warnOnce: () => undefined,
    flush: () => Promise.resolve(),
  };
  const { signal } = new AbortController();
  const { kubeconfig, context, istiod, proxies, namespace } = mesh;
  const proof = defined({
    ...{ timeoutSeconds, drainSeconds, strict: true, proxies, namespace },
    istiod: istiod === undefined ? undefined : [...istiod],
  });
  const connection = Connection.open(mesh);
  const { failures } = await executePlan(planOf(from, to), from, {
    cluster: new Cluster(connection, signal),
    prover: new Prover(proof, defined({ kubeconfig, context }), log, signal),
    inFlight: { rules: new InFlightUpdates(), all: new InFlightUpdates() },
    log,
    owner: ownerOf('urn:pulumi:test::meshwright::meshwright-routes:index:Route::test', connection.server, 'test'),
    weightsOwnedBy: undefined,
    signal,
  });
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

function byTitle(objects: readonly KubernetesObject[]): ObjectsByTitle {
  return new Map(objects.map((object) => [objectTitle(object), object]));
}
