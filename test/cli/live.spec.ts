import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { contextOf, labByDefault } from '../../cli/cluster';
import { liveText } from '../../cli/live/routes';
import type { Verdict } from '../../cluster/proxies';
import { debugPagesStub } from '../cluster/proxies/istiod-stub';
import { route } from '../support/routes';
import { reviewsStack, temporaryFolder, type Ran } from './support';

const help = '\n';

describe('meshwright live', () => {
  const folder = temporaryFolder();
  const stack = (): string => folder.file('stack.yaml', reviewsStack('{ v1: 90, v3: 10 }'));
  /** In a process of its own, while this one answers for istiod. */
  const live = (...words: string[]): Promise<Ran> =>
    new Promise((done) => {
      const bin = resolve(__dirname, '..', '..', 'cli', 'bin.js');
      const env = { ...process.env, KUBECONFIG: resolve(folder.path, 'none') };
      execFile(process.execPath, [bin, 'live', ...words], { env }, (error, stdout, stderr) =>
        done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  const refused = (stderr: string): Ran => ({ code: 2, stdout: '', stderr: `${stderr}${help}` });

  it('refuses a route that the stack does not have, and knows the one that was meant', async () => {
    assert.deepEqual(
      await live('reveiws', '--config', stack()),
      refused('reveiws is no route of this stack; it has bookinfo/reviews. Did you mean reviews?'),
    );
  });

  it('refuses a stack without routes', async () => {
    const file = folder.file('empty.yaml', 'config:\n  meshwright:namespaces: { shop: {} }\n');
    assert.deepEqual(await live('--config', file), refused('This stack has no routes.'));
    assert.deepEqual(
      await live('reviews', '--config', file),
      refused('reviews is no route of this stack; it has none.'),
    );
  });

  for (const [words, why] of [
    [
      ['--istiod', 'http://127.0.0.1:15014/debug'],
      '--istiod http://127.0.0.1:15014/debug: must be an address, host or host:port, without a scheme or a path.',
    ],
    [
      ['--istiod', 'istiod:99999'],
      '--istiod istiod:99999: must be an address, host or host:port, without a scheme or a path.',
    ],
    [['--proxy', 'edge-0.shop'], '--proxy edge-0.shop: write NAME=HOST[:PORT] with the name as <pod>.<namespace>.'],
    [['--proxy', 'edge-0=127.0.0.1'], "--proxy edge-0=127.0.0.1: edge-0 must be a proxy's name, <pod>.<namespace>."],
    [
      ['--proxy', 'edge-0.shop='],
      '--proxy edge-0.shop=: must be an address, host or host:port, without a scheme or a path.',
    ],
  ] as const) {
    it(`refuses ${words.join(' ')}`, async () => {
      assert.deepEqual(await live('--config', stack(), ...words), refused(why));
    });
  }

  it('says that no istiod answers at an address, and that something else does', async () => {
    assert.deepEqual(
      await live('--config', stack(), '--istiod', '127.0.0.1:1'),
      refused('istiod cannot be reached: istiod 127.0.0.1:1 does not answer: connect ECONNREFUSED 127.0.0.1:1'),
    );
    const other = await debugPagesStub({ '/debug/configz': {}, '/debug/syncz': {} });
    const none = await debugPagesStub({});
    try {
      assert.deepEqual(
        await live('--config', stack(), '--istiod', other.address),
        refused(
          `istiod cannot be reached: istiod ${other.address} answers, but not as an istiod does: is the address right?`,
        ),
      );
      assert.deepEqual(
        await live('--config', stack(), '--istiod', none.address),
        refused(
          `istiod cannot be reached: istiod ${none.address} does not answer: 404 on /debug/configz; are its debug pages switched off (ENABLE_DEBUG_ON_HTTP)?`,
        ),
      );
    } finally {
      other.stop();
      none.stop();
    }
  });

  it('shows proxies that have the route, and why they lag, and counts the others', () => {
    const proxies: Verdict[] = [
      { proxy: 'a.shop', istiod: 'one', state: 'live', serves: ['v1 90 %, v3 10 %'] },
      { proxy: 'b.shop', istiod: 'one', state: 'unconcerned', serves: [] },
    ];
    const one = { route: 'shop/web', config: ['v1 90 %, v3 10 %'], api: ['v1 90 %, v3 10 %'], proxies, live: true };
    assert.equal(
      liveText(one),
      `shop/web: live
  config  v1 90 %, v3 10 %
  api     v1 90 %, v3 10 %
  PROXY   STATE  SERVES
  a.shop  live   v1 90 %, v3 10 %
  1 other without this route`,
    );
    const late: Verdict = {
      proxy: 'c.shop',
      istiod: 'one',
      state: 'lags',
      serves: ['v1 100 %'],
      why: 'it has not acknowledged it',
    };
    assert.equal(
      liveText({
        ...one,
        proxies: [...proxies, late, { ...late, proxy: 'd.shop', state: 'unconcerned' }],
        live: false,
      }),
      `shop/web: not live
  config  v1 90 %, v3 10 %
  api     v1 90 %, v3 10 %
  PROXY   STATE  SERVES            WHY
  a.shop  live   v1 90 %, v3 10 %
  c.shop  lags   v1 100 %          it has not acknowledged it
  2 others without this route`,
    );
  });

  it("takes the lab's cluster when it is up and nothing names another", async () => {
    const said: string[] = [];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text: string | Uint8Array) => said.push(String(text)) > 0;
    const apiServer = { reachable: true, url: 'https://127.0.0.1:6443' };
    const up = { env: {}, status: () => Promise.resolve({ kubeconfig: '/lab/kubeconfig', apiServer }) };
    const down = { ...up, status: () => Promise.resolve({ apiServer: { reachable: false } }) };
    try {
      const found = [
        await labByDefault([undefined], up),
        await labByDefault(['kind-dev'], up),
        await labByDefault([], { ...up, env: { KUBECONFIG: '/mine' } }),
        await labByDefault([], down),
      ];
      assert.deepEqual(found, ['/lab/kubeconfig', undefined, undefined, undefined]);
    } finally {
      process.stderr.write = write;
    }
    assert.deepEqual(said, ['cluster: the lab at https://127.0.0.1:6443; --context or KUBECONFIG names another\n']);
  });

  it('knows the context that a stack file names', () => {
    const file = folder.file('context.yaml', 'config: { kubernetes:context: kind-dev }\n');
    const contexts = [
      contextOf({}, { file }),
      contextOf({}, { file: stack() }),
      contextOf({ sample: '003' }, { file }),
    ];
    assert.deepEqual(contexts, ['kind-dev', undefined, undefined]);
  });

  it('says that there is no cluster', async () => {
    const ran = await live('--config', stack(), '--context', 'nope');
    assert.deepEqual([ran.code, ran.stdout], [2, '']);
    assert.match(ran.stderr, /^The cluster cannot be reached: the kubeconfig cannot be read: .*\n$/);
  });

  it('says that there is nothing to prove when no proxy is connected, and what differs when the cluster has something else', async () => {
    const same = await debugPagesStub({ '/debug/configz': [route({ v1: 90, v3: 10 })], '/debug/syncz': [] });
    const other = await debugPagesStub({ '/debug/configz': [route({ v1: 100 })], '/debug/syncz': [] });
    const nothing = await debugPagesStub({ '/debug/configz': [], '/debug/syncz': [] });
    try {
      assert.deepEqual(await live('--config', stack(), '--istiod', same.address), {
        code: 0,
        stdout:
          'bookinfo/reviews: live, no proxy is connected\n  config  v1 90 %, v3 10 %\n  api     v1 90 %, v3 10 %\n',
        stderr: '',
      });
      assert.deepEqual(await live('reviews', '--config', stack(), '--istiod', other.address), {
        code: 1,
        stdout: 'bookinfo/reviews: not live, no proxy is connected\n  config  v1 90 %, v3 10 %\n  api     v1 100 %\n',
        stderr: '',
      });
      const { code, stdout, stderr } = await live('--json', '--config', stack(), '--istiod', nothing.address);
      assert.deepEqual([code, stderr], [1, '']);
      assert.deepEqual(JSON.parse(stdout), {
        routes: [
          {
            route: 'bookinfo/reviews',
            config: ['v1 90 %, v3 10 %'],
            proxies: [],
            live: false,
            note: 'no proxy is connected',
          },
        ],
      });
    } finally {
      for (const stub of [same, other, nothing]) stub.stop();
    }
  });
});
