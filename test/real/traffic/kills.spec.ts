import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { long } from '../../support/long';
import { LoadedStack, type Weights } from './loaded-stack';
import type { Begun } from '../pulumi/support/real-stack';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';

/** Where in an update it is killed. */
interface Moment {
  what: string;
  /** Resolves at the time of the kill. */
  comes: (update: Begun) => Promise<unknown>;
  /** A proxy is held back, so that the update can be killed while it waits. */
  holds?: true;
}

const starting: Moment = { what: 'before anything is written', comes: () => sleep(1500) };
const creating: Moment = {
  what: 'while a DestinationRule is made',
  comes: (update) => update.said(/DestinationRule \S+ creating/),
};
const reaching: Moment = {
  what: 'while it waits for the proxies to reach a new version',
  comes: async (update) => {
    await update.said(/DestinationRule \S+ created/);
    await sleep(1500);
  },
  holds: true,
};
const updating: Moment = {
  what: 'while the VirtualService is written',
  comes: (update) => update.said(/VirtualService \S+ updating/),
};
const written: Moment = {
  what: 'just after the VirtualService is written',
  comes: (update) => update.said(/VirtualService \S+ updated/),
};
const proving: Moment = {
  what: 'while it waits for the proxies to serve the route',
  comes: (update) => update.said(/waiting, \d of 3 proxies so far/),
  holds: true,
};
const draining: Moment = {
  what: 'while a version drains',
  comes: (update) => update.said(/draining open connections for 3 s/),
};
const deleting: Moment = {
  what: 'while a DestinationRule is deleted',
  comes: (update) => update.said(/DestinationRule \S+ deleting/),
};
const deleted: Moment = {
  what: 'just after a DestinationRule is deleted',
  comes: (update) => update.said(/DestinationRule \S+ deleted/),
};

/** Three changes, each of which moves three versions one step further: added, used, removed. */
const rounds: [Moment, Moment, Moment][] = [
  [starting, starting, starting],
  [creating, updating, deleting],
  [reaching, proving, draining],
  [written, written, deleted],
  [updating, starting, proving],
];

describe('an update that is killed, with the real Pulumi, istiod and Envoys', function () {
  this.timeout(1_800_000);
  const versions = ['v1', 'v2', 'v3'];
  let shop: LoadedStack;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    shop = await LoadedStack.start(this, versions);
    shop.configure({ v1: 70, v2: 30 });
    await shop.up();
  });

  after(() => (shop as LoadedStack | undefined)?.stop());

  for (const [number, moments] of rounds.slice(0, long ? rounds.length : 1).entries()) {
    const [old = '', kept = '', added = ''] = [0, 1, 2].map((offset) => versions[(number + offset) % 3] ?? '');
    const changes: [string, Weights][] = [
      [`${added} is added`, { [old]: 60, [kept]: 30, [added]: 10 }],
      [`weight moves to ${added}`, { [old]: 10, [kept]: 30, [added]: 60 }],
      [`${old} is removed`, { [kept]: 30, [added]: 70 }],
    ];
    for (const [index, [change, weights]] of changes.entries()) {
      const { what, comes, holds } = moments[index] ?? starting;
      it(`loses nothing when ${change} and it dies ${what}, and the next one puts all in place`, async () => {
        const { byMesh } = await shop.underLoad('gateway', async () => {
          shop.configure(weights, { drainSeconds: 3 });
          const held = holds === true ? shop.mesh.proxies.get('client-1') : undefined;
          held?.process.kill('SIGSTOP');
          try {
            const update = shop.stack.begin('up');
            await comes(update);
            update.kill();
            const { status, output } = await update.ended;
            assert.equal(status, null, `it had ended before it could be killed:\n${output}`);
          } finally {
            held?.process.kill('SIGCONT');
          }
          await sleep(1000);
          await shop.up();
        });
        assert.deepEqual(byMesh, {});
        await assertIs(weights);
      });
    }
  }

  it('leaves nothing to do', async () => {
    assert.deepEqual(await shop.stack.up(), []);
  });

  async function assertIs(weights: Weights): Promise<void> {
    const route = shop.cluster.get('virtualservice', 'shop', 'reviews').spec as { http: { route: Destination[] }[] };
    assert.deepEqual(
      route.http.map((rule) =>
        Object.fromEntries(rule.route.map(({ destination, weight }) => [destination.subset, weight])),
      ),
      [weights],
    );
    const names = Object.keys(weights).map((version) => `reviews.${version}`);
    assert.deepEqual(shop.rules(), names.sort());
    const { deployment } = JSON.parse(await shop.stack.state()) as { deployment: { pending_operations?: unknown[] } };
    assert.deepEqual(deployment.pending_operations ?? [], []);
  }
});

interface Destination {
  destination: { subset: string };
  weight: number;
}
