import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { contextOf, labByDefault } from '../../cli/cluster';
import { liveRoutes, liveText } from '../../cli/live/routes';
import type { MeshView, ProxyVerdict } from '../../cluster/proxies';
import { endpointStub } from '../cluster/proxies/istiod-stub';
import { route } from '../support/routes';
import { reviewsStack, temporaryFolder, type Ran } from './support';

const help = '\n';

describe('meshwright live', () => {
  const folder = temporaryFolder();
  const stack = (): string => folder.file('stack.yaml', reviewsStack('{ v1: 90, v3: 10 }'));
  /** Runs in a separate process, while this one answers for istiod. */
  const live = (...words: string[]): Promise<Ran> => liveIn({ KUBECONFIG: resolve(folder.path, 'none') }, ...words);
  const liveIn = (more: NodeJS.ProcessEnv, ...words: string[]): Promise<Ran> =>
    new Promise((done) => {
      const bin = resolve(__dirname, '..', '..', 'cli', 'bin.js');
      const env = { ...process.env, ...more };
      execFile(process.execPath, [bin, 'live', ...words], { env }, (error, stdout, stderr) =>
        done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  const refused = (stderr: string): Ran => ({ code: 2, stdout: '', stderr: `${stderr}${help}` });

  it('refuses an unknown route, and suggests a similar one', async () => {
    assert.deepEqual(
      await live('reveiws', '--config', stack()),
      refused('reveiws is not a route of this stack; it has bookinfo/reviews. Did you mean reviews?'),
    );
  });

  it('refuses a stack without routes', async () => {
    const file = folder.file('empty.yaml', 'config:\n  meshwright:namespaces: { shop: {} }\n');
    assert.deepEqual(await live('--config', file), refused('This stack has no routes.'));
    assert.deepEqual(
      await live('reviews', '--config', file),
      refused('reviews is not a route of this stack; it has none.'),
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

  it('distinguishes an address without an answer from one that is not istiod', async () => {
    assert.deepEqual(
      await live('--config', stack(), '--istiod', '127.0.0.1:1'),
      refused('istiod cannot be reached: istiod 127.0.0.1:1 does not answer: connect ECONNREFUSED 127.0.0.1:1'),
    );
    const other = await endpointStub({ '/debug/configz': {}, '/debug/syncz': {} });
    const none = await endpointStub({});
    try {
      assert.deepEqual(
        await live('--config', stack(), '--istiod', other.address),
        refused(`istiod cannot be reached: istiod ${other.address} answers, but is not istiod: is the address right?`),
      );
      assert.deepEqual(
        await live('--config', stack(), '--istiod', none.address),
        refused(
          `istiod cannot be reached: istiod ${none.address} does not answer: 404 on /debug/configz; are its debug endpoints switched off (ENABLE_DEBUG_ON_HTTP)?`,
        ),
      );
    } finally {
      other.stop();
      none.stop();
    }
  });

  it('shows proxies with the route and why they lag, and counts the others', () => {
    const proxies: ProxyVerdict[] = [
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
    const late: ProxyVerdict = {
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

  it("takes the lab's cluster when it is up and no other cluster is named", async () => {
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
    assert.deepEqual(said, [
      'cluster: the lab at https://127.0.0.1:6443; use --context or KUBECONFIG for another cluster\n',
    ]);
  });

  it('reads the context of a stack file', () => {
    const file = folder.file('context.yaml', 'config: { kubernetes:context: kind-dev }\n');
    const contexts = [
      contextOf({}, { file }),
      contextOf({}, { file: stack() }),
      contextOf({ sample: '003' }, { file }),
    ];
    assert.deepEqual(contexts, ['kind-dev', undefined, undefined]);
  });

  describe('without a cluster', () => {
    const server = 'https://127.0.0.1:1';
    const kubeconfig = (): string =>
      folder.file(
        'kubeconfig',
        JSON.stringify({
          clusters: [{ name: 'far', cluster: { server } }],
          users: [{ name: 'me', user: { token: 'secret' } }],
          contexts: [{ name: 'far', context: { cluster: 'far', user: 'me' } }],
          'current-context': 'far',
        }),
      );
    const cases: [string, () => NodeJS.ProcessEnv, string, () => string][] = [
      [
        'there is no kubeconfig',
        () => ({ KUBECONFIG: '', HOME: folder.path }),
        'far',
        () =>
          'there is no kubeconfig: KUBECONFIG is not set, and ~/.kube/config does not exist. Set KUBECONFIG, or start the lab: npx meshwright lab up',
      ],
      [
        'the kubeconfig does not exist',
        () => ({}),
        'far',
        () =>
          `the kubeconfig cannot be read: ENOENT: no such file or directory, open '${resolve(folder.path, 'none')}'`,
      ],
      [
        'the kubeconfig has no such context',
        () => ({ KUBECONFIG: kubeconfig() }),
        'nope',
        () => 'the kubeconfig has no context nope; it has far',
      ],
      [
        'the API server does not answer',
        () => ({ KUBECONFIG: kubeconfig() }),
        'far',
        () => `the API server ${server} does not answer: connect ECONNREFUSED 127.0.0.1:1`,
      ],
    ];
    for (const [what, env, context, message] of cases) {
      it(`says in one line that ${what}`, async () => {
        const ran = await liveIn(
          { KUBECONFIG: resolve(folder.path, 'none'), ...env() },
          ...['--config', stack(), '--context', context],
        );
        assert.deepEqual(ran, { code: 2, stdout: '', stderr: `The cluster cannot be reached: ${message()}\n` });
      });
    }
  });

  it('says that no proxy is connected, and what differs in the cluster', async () => {
    const same = await endpointStub({ '/debug/configz': [route({ v1: 90, v3: 10 })], '/debug/syncz': [] });
    const other = await endpointStub({ '/debug/configz': [route({ v1: 100 })], '/debug/syncz': [] });
    const nothing = await endpointStub({ '/debug/configz': [], '/debug/syncz': [] });
    try {
      assert.deepEqual(await live('--config', stack(), '--istiod', same.address), {
        code: 3,
        stdout:
          'bookinfo/reviews: unproven, no proxy is connected\n  config  v1 90 %, v3 10 %\n  api     v1 90 %, v3 10 %\n',
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

  it('compares everything but the weights of a route whose weights belong to a controller', async () => {
    const file = folder.file('owned.yaml', reviewsStack('{ v1: rest, v3: 0 }', '        weightsOwnedBy: flagger\n'));
    const moved = await endpointStub({ '/debug/configz': [route({ v1: 60, v3: 40 })], '/debug/syncz': [] });
    const other = await endpointStub({ '/debug/configz': [route({ v1: 60, v2: 40 })], '/debug/syncz': [] });
    const first = (state: string) => `bookinfo/reviews: ${state}, no proxy is connected`;
    const owner = '(the weights belong to flagger)';
    try {
      assert.deepEqual(await live('--config', file, '--istiod', moved.address), {
        code: 3,
        stdout: `${first('unproven')}\n  config  v1 60 %, v3 40 % ${owner}\n  api     v1 60 %, v3 40 %\n`,
        stderr: '',
      });
      assert.deepEqual(await live('--config', file, '--istiod', other.address), {
        code: 1,
        stdout: `${first('not live')}\n  config  v1 100 % ${owner}\n  api     v1 60 %, v2 40 %\n`,
        stderr: '',
      });
      const { code, stdout } = await live('--json', '--config', file, '--istiod', moved.address);
      assert.deepEqual(
        [code, JSON.parse(stdout)],
        [
          3,
          {
            routes: [
              {
                route: 'bookinfo/reviews',
                config: ['v1 60 %, v3 40 %'],
                weightsOwnedBy: 'flagger',
                api: ['v1 60 %, v3 40 %'],
                proxies: [],
                live: true,
                note: 'no proxy is connected',
              },
            ],
          },
        ],
      );
    } finally {
      for (const stub of [moved, other]) stub.stop();
    }
  });

  it('checks again when a controller moves the weights meanwhile', async () => {
    const config = folder.file('moving.yaml', reviewsStack('{ v1: rest, v3: 0 }', '        weightsOwnedBy: argo\n'));
    const shares = (v3: number) => ({ 'reviews.bookinfo.svc|v1': 100 - v3, 'reviews.bookinfo.svc|v3': v3 });
    const acked = { sent: '1', acked: true, number: 1 };
    const view = {
      proxy: 'web.shop',
      type: 'sidecar',
      istiod: 'one',
      kinds: { clusters: acked, endpoints: acked, routes: acked, listeners: acked },
      config: {
        virtualHosts: [[{ source: 'bookinfo/reviews', shares: shares(30) }]],
        connections: [],
        clusters: [],
      },
    };
    const found = [route({ v1: 80, v3: 20 }), route({ v1: 70, v3: 30 })];
    const mesh = {
      while: <T>(work: () => Promise<T>) => work(),
      virtualServices: () => Promise.resolve([found.shift()]),
      look: () => Promise.resolve([view]),
    } as unknown as MeshView;
    const served = 'v1 70 %, v3 30 %';
    assert.deepEqual(await liveRoutes({ config }, undefined, { istiod: ['127.0.0.1:1'] }, () => mesh), [
      {
        route: 'bookinfo/reviews',
        config: [served],
        weightsOwnedBy: 'argo',
        api: [served],
        proxies: [{ proxy: 'web.shop', istiod: 'one', state: 'live', serves: [served] }],
        live: true,
      },
    ]);
    assert.deepEqual(found, []);
  });
});
