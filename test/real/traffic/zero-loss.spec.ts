import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { LagError, MeshView, proveRoute } from '../../../cluster/proxies';
import { long } from '../../support/long';
import { freePorts } from './child';
import { send } from './client';
import { applyInOrder } from './in-order';
import { startLoad, type Loaded } from './load';
import { addressesOf, startMesh, type RealMesh } from './mesh';
import { findPrograms } from './programs';
import { shop, shopHost, shopRouteObjects, sidecarAddress, type Shop } from './shop';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';

const versions = ['v1', 'v2', 'v3', 'v4', 'v5'];
const cycles = long ? 50 : 5;
const rate = 300;
const requestsForShares = long ? 10_000 : 3000;

type Weights = Record<string, number>;

const routed = (weights: Weights): KubernetesObject[] => shopRouteObjects({ versions: Object.keys(weights), weights });

/** One rule with all subsets, as most people write it. */
function oneRule(weights: Weights): { rule: KubernetesObject; route: KubernetesObject } {
  const subsets = Object.keys(weights).map((name) => ({ name, labels: { version: name } }));
  const rule: KubernetesObject = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'reviews', namespace: 'shop' },
    spec: { host: shopHost, subsets },
  };
  const route = routed(weights).find(({ kind }) => kind === 'VirtualService');
  assert.ok(route);
  return { rule, route };
}

describe('a change of routes, on a real istiod and real Envoys', function () {
  this.timeout(900_000);
  let mesh: RealMesh | undefined;
  let view: MeshView;
  let place: Shop;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    const programs = await findPrograms();
    if (typeof programs === 'string') {
      console.log(`      skipped: ${programs}`);
      return this.skip();
    }
    const [port = 0] = await freePorts(1);
    place = shop(port, versions, 3);
    mesh = await startMesh({ programs, ...place, log: (line) => console.log(`      ${line}`) });
    view = new MeshView(addressesOf(mesh));
  });

  after(() => mesh?.stop());

  const theMesh = (): RealMesh => mesh as RealMesh;
  const change = (from: Weights | undefined, to: Weights | undefined): Promise<void> =>
    applyInOrder(from === undefined ? [] : routed(from), to === undefined ? [] : routed(to), {
      mesh: { kubeconfig: theMesh().lab.kubeconfig, ...addressesOf(theMesh()) },
      timeoutSeconds: 20,
      drainSeconds: 0.2,
    });
  const underLoad = async (
    work: () => Promise<void>,
    url = `http://127.0.0.1:${place.gatewayPort}/`,
  ): Promise<Loaded> => {
    const load = await startLoad({ url, host: shopHost, rate, seconds: 600 });
    await work().catch(async (error: unknown) => {
      await load.stop();
      throw error;
    });
    const loaded = await load.stop();
    console.log(
      `      ${loaded.requests} requests, ${loaded.failed} failed, ${(loaded.requests / loaded.seconds).toFixed(0)} per second`,
    );
    return loaded;
  };

  it(`loses no request in ${cycles} cycles of adding, shifting and removing over three versions`, async () => {
    let now: Weights = { v1: 70, v2: 30 };
    await change(undefined, now);
    const loaded = await underLoad(async () => {
      for (let cycle = 0; cycle < cycles; cycle++) {
        const [old = '', kept = '', added = ''] = [0, 1, 2].map((offset) => versions[(cycle + offset) % 3] ?? '');
        for (const next of [
          { [old]: 60, [kept]: 30, [added]: 10 },
          { [old]: 10, [kept]: 30, [added]: 60 },
          { [kept]: 30, [added]: 70 },
        ]) {
          await change(now, next);
          now = next;
        }
      }
    });
    assert.deepEqual(loaded.failures, {});
    assert.ok(loaded.requests >= rate * cycles * 0.4, `only ${loaded.requests} requests were sent`);
    assert.deepEqual(Object.keys(loaded.places).sort(), ['v1', 'v2', 'v3']);
    await change(now, undefined);
  });

  it('loses some with one rule for all subsets, changed one second before the route', async () => {
    const from = oneRule({ v1: 70, v2: 30 });
    const to = oneRule({ v1: 100 });
    await theMesh().api.apply(from.rule);
    await theMesh().api.apply(from.route);
    await proveRoute(undefined, from.route, { mesh: view, timeoutMs: 20_000, log: () => undefined });
    const loaded = await underLoad(async () => {
      await sleep(500);
      await theMesh().api.apply(to.rule);
      await sleep(1000);
      await theMesh().api.apply(to.route);
      await sleep(500);
    });
    await theMesh().api.remove(to.route);
    await theMesh().api.remove(to.rule);
    assert.ok(loaded.failed > 0);
    assert.deepEqual(Object.keys(loaded.failures), ['503 ']);
  });

  it('loses no request when a route comes and goes', async () => {
    const loaded = await underLoad(
      async () => {
        for (let turn = 0; turn < 5; turn++) {
          await change(undefined, { v1: 50, v2: 50 });
          await change({ v1: 50, v2: 50 }, { v3: 100 });
          await change({ v3: 100 }, { v1: 100 });
          await change({ v1: 100 }, { v1: 50, v2: 50 });
          await change({ v1: 50, v2: 50 }, undefined);
        }
      },
      `http://${sidecarAddress(0)}/`,
    );
    assert.deepEqual(loaded.failures, {});
  });

  it('names the proxy that hangs and what it serves after the timeout, and continues when it is back', async () => {
    const [from, to] = [routed({ v1: 90, v2: 10 }), routed({ v1: 50, v2: 50 })];
    await change(undefined, { v1: 90, v2: 10 });
    // What a proxy that hangs serves is what this view has seen of it before.
    await view.look();
    const held = theMesh().proxies.get('client-1');
    assert.ok(held);
    held.process.kill('SIGSTOP');
    const route = to.find(({ kind }) => kind === 'VirtualService');
    const before = from.find(({ kind }) => kind === 'VirtualService');
    assert.ok(route);
    const prove = (timeoutMs: number): Promise<string> =>
      proveRoute(before, route, { mesh: view, timeoutMs, log: () => undefined });
    try {
      await theMesh().api.apply(route);
      await assert.rejects(prove(3000), (error: Error) => {
        assert.ok(error instanceof LagError);
        const [headline = '', ...lines] = error.message.split('\n');
        assert.match(headline, /^route shop\/reviews is not live after 3\.\d s: 1 proxy lags$/);
        assert.deepEqual(lines, ['  client-1.shop: has not acknowledged its routes; serves v1 90 %, v2 10 %']);
        return true;
      });
    } finally {
      held.process.kill('SIGCONT');
    }
    assert.match(await prove(20_000), /^route shop\/reviews: live on 4 of 4 proxies after .* s, v1 50 %, v2 50 %$/);
    await change({ v1: 50, v2: 50 }, undefined);
  });

  for (const weights of [
    { v1: 90, v2: 10 },
    { v1: 20, v2: 30, v3: 50 },
    { v1: 5, v2: 10, v3: 15, v4: 25, v5: 45 },
  ]) {
    it(`splits ${requestsForShares} requests over ${Object.keys(weights).length} versions by their weights`, async () => {
      await change(undefined, weights);
      const counts = new Map<string, number>();
      for (let sent = 0; sent < requestsForShares; sent += 50) {
        const answers = await Promise.all(
          Array.from({ length: 50 }, () => send({ port: place.gatewayPort, headers: { host: shopHost } })),
        );
        for (const { seen } of answers) counts.set(seen?.who ?? 'nobody', (counts.get(seen?.who ?? 'nobody') ?? 0) + 1);
      }
      await change(weights, undefined);
      const shares = Object.fromEntries([...counts].sort());
      console.log(`      ${JSON.stringify(shares)}`);
      assert.deepEqual(Object.keys(shares), Object.keys(weights));
      for (const [version, weight] of Object.entries(weights)) {
        const deviation = Math.abs((counts.get(version) ?? 0) - requestsForShares * (weight / 100));
        assert.ok(deviation <= binomialBound(requestsForShares, weight / 100), `${version}: off by ${deviation}`);
      }
    });
  }
});

/** Half the width of the interval with 99.9 % of draws (normal approximation; two-sided quantile 3.2905). */
function binomialBound(draws: number, share: number): number {
  return 3.2905 * Math.sqrt(draws * share * (1 - share));
}
