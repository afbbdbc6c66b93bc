import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StackSettings } from '../../../components/manifests/settings';
import { freePorts } from '../traffic/child';
import { startLoad, type Loaded } from '../traffic/load';
import { addressesOf, startMesh, type RealMesh } from '../traffic/mesh';
import { findPrograms } from '../traffic/programs';
import { shop, shopHost, shopRoute, sidecarAddress, type Shop } from '../traffic/shop';
import { sections } from './support/bookinfo';
import { clusterOf, type Cluster } from './support/cluster';
import { needsPulumi } from './support/means';
import { realStack, type RealStack } from './support/real-stack';

/** Each takes three updates of several seconds; MESHWRIGHT_CYCLES asks for more. */
const cycles = Number(process.env['MESHWRIGHT_CYCLES'] ?? 3);
const rate = 300;
const versions = ['v1', 'v2', 'v3'];

type Weights = Record<string, number>;

describe('updates of a stack under load, with the real Pulumi, istiod and Envoys', function () {
  this.timeout(3_600_000);
  let mesh: RealMesh | undefined;
  let stack: RealStack | undefined;
  let cluster: Cluster;
  let place: Shop;

  before(async function () {
    needsPulumi(this);
    const programs = findPrograms();
    if (typeof programs === 'string') {
      console.log(`      skipped: ${programs}`);
      return this.skip();
    }
    const [port = 0] = await freePorts(1);
    place = shop(port, versions, 2);
    mesh = await startMesh({ programs, ...place, log: (line) => console.log(`      ${line}`) });
    cluster = clusterOf(mesh.lab);
    // What an update was killed in the middle of making is there already for the next one; and a removed route is waited for.
    Object.assign(process.env, {
      PULUMI_K8S_UPSERT_EXISTING_OBJECTS: 'true',
      PULUMI_K8S_ENABLE_PATCH_FORCE: 'true',
      PULUMI_RUN_PROGRAM: 'true',
    });
    stack = realStack(mesh.lab);
  });

  after(async () => {
    await mesh?.stop();
    stack?.remove();
  });

  const theMesh = (): RealMesh => mesh as RealMesh;
  const theStack = (): RealStack => stack as RealStack;
  const configure = (weights: Weights | undefined, timeoutSeconds = 60): void => {
    const route = weights === undefined ? {} : { reviews: shopRoute({ versions: Object.keys(weights), weights }) };
    const settings: StackSettings = {
      namespaces: { shop: { existing: true } },
      routes: { shop: route },
      proof: { ...addressesOf(theMesh()), timeoutSeconds, drainSeconds: 1, strict: true },
    };
    theStack().configure({
      ...sections(settings),
      'meshwright:policy': { externals: { gateways: ['*'], hosts: ['*'] } },
    });
  };
  const up = async (): Promise<string> => {
    const { status, output } = await theStack().begin('up', '--yes', '--skip-preview').ended;
    assert.equal(status, 0, output);
    return output;
  };
  const underLoad = async (url: string, work: () => Promise<void>): Promise<Loaded> => {
    const load = await startLoad({ url, host: shopHost, rate, seconds: 3600 });
    await work().catch(async (error: unknown) => {
      await load.stop();
      throw error;
    });
    const loaded = await load.stop();
    console.log(
      `      ${loaded.requests} requests, ${loaded.failed} failed, ${(loaded.requests / loaded.seconds).toFixed(0)} per second`,
    );
    if (loaded.failed > 0) console.log(`      ${JSON.stringify(loaded.failures)}`);
    return loaded;
  };
  const gateway = (): string => `http://127.0.0.1:${place.gatewayPort}/`;
  const rules = (): string[] => cluster.names('destinationrules', 'shop');

  it('comes up, and says what is live', async () => {
    configure({ v1: 70, v2: 30 });
    assert.match(await up(), /route shop\/reviews: live on 3 of 3 proxies after [\d.]+ s, v1 70 %, v2 30 %/);
  });

  it(`loses no request in ${cycles} cycles of adding, shifting and removing over three versions`, async () => {
    const loaded = await underLoad(gateway(), async () => {
      for (let cycle = 0; cycle < cycles; cycle++) {
        const [old = '', kept = '', added = ''] = [0, 1, 2].map((offset) => versions[(cycle + offset) % 3] ?? '');
        for (const weights of [
          { [old]: 60, [kept]: 30, [added]: 10 },
          { [old]: 10, [kept]: 30, [added]: 60 },
          { [kept]: 30, [added]: 70 },
        ]) {
          configure(weights);
          await up();
        }
      }
    });
    assert.deepEqual(loaded.failures, {});
  });

  it('loses none when it is killed in the middle of adding, shifting or removing, and the next update puts all in place', async () => {
    const loaded = await underLoad(gateway(), async () => {
      for (const moment of [0, 300, 1200]) {
        configure({ v1: 70, v2: 30 });
        await up();
        for (const weights of [
          { v1: 60, v2: 30, v3: 10 },
          { v1: 10, v2: 30, v3: 60 },
          { v2: 30, v3: 70 },
        ]) {
          configure(weights);
          const { generation } = cluster.get('virtualservice', 'shop', 'reviews').metadata;
          const killed = theStack().begin('up', '--yes', '--skip-preview');
          // Before the route is written, just after it, and while what it has left drains.
          await changed(generation, moment);
          killed.kill();
          await killed.ended;
          await theStack().begin('cancel', '--yes').ended;
          await up();
          assert.deepEqual(
            rules(),
            Object.keys(weights).map((version) => `reviews.${version}`),
          );
        }
      }
    });
    assert.deepEqual(loaded.failures, {});
  });

  it('fails in the set time when a proxy is held back, names it, and keeps what it still uses until it is back', async () => {
    configure({ v1: 50, v3: 50 });
    await up();
    const held = theMesh().proxies.get('client-1');
    assert.ok(held);
    configure({ v1: 100 }, 4);
    held.process.kill('SIGSTOP');
    try {
      for (const attempt of ['first', 'second']) {
        const { status, output } = await theStack().begin('up', '--yes', '--skip-preview').ended;
        assert.notEqual(status, 0, attempt);
        assert.match(
          output,
          /route shop\/reviews is not live after 4\.\d s: 1 proxy lags\s+client-1\.shop: has not acknowledged its routes/,
        );
        assert.deepEqual(rules(), ['reviews.v1', 'reviews.v3'], attempt);
      }
    } finally {
      held.process.kill('SIGCONT');
    }
    await up();
    assert.deepEqual(rules(), ['reviews.v1']);
  });

  it('loses no request in the mesh when a route goes, moves and comes back, nor on destroy', async () => {
    const loaded = await underLoad(`http://${sidecarAddress(0)}/`, async () => {
      for (const weights of [undefined, { v1: 50, v2: 50 }, undefined, { v3: 100 }]) {
        configure(weights);
        await up();
      }
      const { status, output } = await theStack().begin('destroy', '--yes', '--skip-preview').ended;
      assert.equal(status, 0, output);
    });
    assert.deepEqual(loaded.failures, {});
    assert.deepEqual([rules(), cluster.names('virtualservices', 'shop')], [[], []]);
  });

  /** Waits until the route is written, or for so long that it must have been, and then some milliseconds more. */
  async function changed(generation: number, more: number): Promise<void> {
    const end = Date.now() + 30_000;
    if (more === 0) {
      await sleep(2500);
      return;
    }
    while (Date.now() < end && cluster.get('virtualservice', 'shop', 'reviews').metadata.generation === generation)
      await sleep(50);
    await sleep(more);
  }
});
