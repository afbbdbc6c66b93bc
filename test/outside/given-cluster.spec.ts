import assert from 'node:assert/strict';
import { allRouteObjects } from '../../mesh/manifests/routes';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { givenCluster, type GivenCluster } from '../real/traffic/given-cluster';
import { applyInOrder } from '../real/traffic/in-order';
import { startLoad } from '../real/traffic/load';

type Weights = Record<string, number>;

function routed({ namespace, service, host, gateways }: GivenCluster, weights: Weights): KubernetesObject[] {
  const settings = { versions: Object.keys(weights), weights, hosts: [host], gateways };
  return allRouteObjects({ [namespace]: { [service]: settings } }).flatMap(({ destinationRules, virtualService }) => [
    ...destinationRules.map(({ object }) => object),
    ...(virtualService === undefined ? [] : [virtualService.object]),
  ]);
}

describe('a change of routes in a given cluster', function () {
  this.timeout(3_700_000);

  it('loses no request in cycles of adding, shifting and removing over three versions', async () => {
    const cluster = givenCluster(process.env);
    if (cluster === undefined) throw new Error('Set MESHWRIGHT_CONTEXT and the variables in docs/zero-loss.md.');
    let now: Weights | undefined;
    const change = async (next: Weights | undefined): Promise<void> => {
      const [before, after] = [now, next].map((weights) => (weights === undefined ? [] : routed(cluster, weights)));
      await applyInOrder(before ?? [], after ?? [], {
        mesh: { context: cluster.context },
        timeoutSeconds: 60,
        drainSeconds: 1,
      });
      now = next;
    };
    const [v1 = '', v2 = ''] = cluster.versions;
    try {
      await change({ [v1]: 70, [v2]: 30 });
      const { url, host, rate, seconds } = cluster;
      const load = await startLoad({ url, host, rate, seconds });
      const end = Date.now() + seconds * 1000;
      for (let cycle = 0; cycle < cluster.cycles && Date.now() < end; cycle++) {
        const [old = '', kept = '', added = ''] = [0, 1, 2].map(
          (offset) => cluster.versions[(cycle + offset) % 3] ?? '',
        );
        await change({ [old]: 60, [kept]: 30, [added]: 10 });
        await change({ [old]: 10, [kept]: 30, [added]: 60 });
        await change({ [kept]: 30, [added]: 70 });
      }
      const { requests, failures } = await load.stop();
      console.log(`      ${requests} requests`);
      assert.deepEqual(failures, {});
    } finally {
      await change(undefined);
    }
  });
});
