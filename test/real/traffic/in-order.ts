import { Connection } from '../../../cluster/api';
import type { MeshViewOptions } from '../../../cluster/proxies';
import { defined, objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { carryOut } from '../../../provider/carry-out';
import { Cluster } from '../../../provider/cluster';
import { Makers } from '../../../provider/makers';
import { planOf } from '../../../provider/plan';
import { Prover } from '../../../provider/prove';

export interface InOrderOptions {
  /** The cluster, and how istiod and the proxies are reached. */
  mesh: MeshViewOptions;
  timeoutSeconds: number;
  drainSeconds: number;
}

/** Has the provider of routes take a mesh from one set of routing objects to another. */
export async function applyInOrder(
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  { mesh, timeoutSeconds, drainSeconds }: InOrderOptions,
): Promise<void> {
  const [from, to] = [before, after].map(
    (objects): ReadonlyMap<string, KubernetesObject> => new Map(objects.map((object) => [objectTitle(object), object])),
  ) as [ReadonlyMap<string, KubernetesObject>, ReadonlyMap<string, KubernetesObject>];
  const log = { info: () => undefined, progress: () => undefined, warnOnce: () => undefined };
  const { signal } = new AbortController();
  const { kubeconfig, context, istiod, proxies, namespace } = mesh;
  const settings = {
    ...{ timeoutSeconds, drainSeconds, strict: true, proxies, namespace },
    istiod: istiod === undefined ? undefined : [...istiod],
  };
  const { failures } = await carryOut(planOf(from, to), from, new Set(from.keys()), {
    cluster: new Cluster(Connection.open(mesh), signal),
    prover: new Prover(defined(settings), defined({ kubeconfig, context }), log, signal),
    makers: new Makers(),
    log,
    id: 'test',
    signal,
  });
  if (failures.length > 0) throw new Error(failures.join('\n'));
}
