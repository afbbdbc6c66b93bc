import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../../cli/errors';
import { observe, observedLines, type ObserveOptions } from '../../cli/traffic/observe';
import {
  type Answer,
  exitCodeOf,
  type Observation,
  observationLines,
  observationText,
  tally,
} from '../../cli/traffic/tally';
import { parseStackText } from '../../config/stack-text';
import type { StackSettings } from '../../mesh/manifests/settings';
import { binomialBound } from '../../mesh/traffic/share';
import type { Outcome } from '../../mesh/traffic/outcome';
import { meshwright, reviewsStack, temporaryFolder } from './support';

const host = 'reviews.bookinfo.svc.cluster.local';
const ninety: Outcome = {
  kind: 'routed',
  destinations: [
    { host, subset: 'v1', port: 9080, share: '9/10' },
    { host, subset: 'v3', port: 9080, share: '1/10' },
  ],
};

function times(count: number, answer: Answer): Answer[] {
  return Array.from({ length: count }, () => answer);
}

/** An answer of a pod whose name ends with its version. */
function from(version: string, status = 200): Answer {
  return { status, pod: `bookinfo/reviews-${version}`, text: '' };
}

function judged(outcome: Outcome, ...answers: Answer[][]): ReturnType<typeof tally> {
  const destinationsOf = (pod: string): NonNullable<Outcome['destinations']> =>
    (outcome.destinations ?? []).filter(({ subset = '' }) => pod.endsWith(subset));
  return tally({ outcome, destinationsOf, nameOf: ({ subset }) => subset ?? 'reviews' }, answers.flat());
}

function told(outcome: Outcome, ...answers: Answer[][]): string {
  return observationText(observation(outcome, ...answers), 60);
}

function observation(outcome: Outcome, ...answers: Answer[][]): Observation {
  const sent = answers.flat().length;
  const common = {
    route: 'bookinfo/reviews',
    who: 'all other requests',
    from: 'productpage-v1.bookinfo',
    request: 'GET /',
  };
  return { ...common, requests: sent, sent, ...judged(outcome, ...answers) };
}

describe('the 99.9 % bound', () => {
  it('is exact, even for small probabilities', () => {
    const bounds = [
      binomialBound('9/10', 200),
      binomialBound('1/100', 200),
      binomialBound('1/2', 100_000),
      binomialBound('1', 200),
      binomialBound('0', 200),
    ];
    assert.deepEqual(bounds, [
      { least: 165, most: 192 },
      { least: 0, most: 8 },
      { least: 49_480, most: 50_520 },
      { least: 200, most: 200 },
      { least: 0, most: 0 },
    ]);
  });
});

describe('counts of answers', () => {
  it('are judged by the configured shares', () => {
    assert.equal(
      told(ninety, times(182, from('v1')), times(18, from('v3'))),
      `bookinfo/reviews, 200 requests from productpage-v1.bookinfo, all other requests
  DESTINATION  CONFIGURED  OBSERVED      99.9 % BOUND
  v1           90 %        182 (91.0 %)  within 82.5–96.0 %
  v3           10 %        18 (9.0 %)    within 4.0–17.5 %`,
    );
    assert.deepEqual(judged(ninety, times(182, from('v1')), times(18, from('v3'))), {
      rows: [
        { destination: 'v1', configured: '9/10', observed: 182, bound: { least: 165, most: 192 }, verdict: 'within' },
        { destination: 'v3', configured: '1/10', observed: 18, bound: { least: 8, most: 35 }, verdict: 'within' },
      ],
      verdict: 'within',
    });
  });

  it('are outside if chance does not explain them, and name what is not configured', () => {
    const answers = [
      times(140, from('v1')),
      times(40, from('v3')),
      times(10, from('v2')),
      times(8, { status: 503, text: 'no healthy upstream' }),
      times(2, { text: 'socket hang up' }),
    ];
    assert.equal(
      told(ninety, ...answers),
      `bookinfo/reviews, 200 requests from productpage-v1.bookinfo, all other requests
  DESTINATION              CONFIGURED  OBSERVED      99.9 % BOUND
  v1                       90 %        140 (70.0 %)  outside 82.5–96.0 %
  v3                       10 %        40 (20.0 %)   outside 4.0–17.5 %
  bookinfo/reviews-v2      -           10 (5.0 %)    not configured
  503 no healthy upstream  -           8 (4.0 %)     not configured
  no answer                -           2 (1.0 %)     not configured`,
    );
    assert.equal(judged(ninety, ...answers).verdict, 'outside');
    assert.deepEqual(observationLines([observation(ninety, ...answers)]), [
      'bookinfo/reviews  all other requests  configured v1 90 %, v3 10 %  observed v1 70.0 %, v3 20.0 %, bookinfo/reviews-v2 5.0 %, 503 no healthy upstream 4.0 %, no answer 1.0 % of 200  outside the 99.9 % bound: v1 82.5–96.0 %, v3 4.0–17.5 %; not configured: bookinfo/reviews-v2, 503 no healthy upstream, no answer',
    ]);
  });

  it('count injected errors before destinations, and errors of applications as arrived', () => {
    const outcome: Outcome = { ...ninety, fault: { abort: { share: '1/2', status: 500 } } };
    assert.equal(
      told(
        outcome,
        times(100, { status: 500, text: 'fault filter abort' }),
        times(80, from('v1')),
        times(10, from('v1', 503)),
        times(10, from('v3')),
      ),
      `bookinfo/reviews, 200 requests from productpage-v1.bookinfo, all other requests
  DESTINATION  CONFIGURED  OBSERVED      99.9 % BOUND
  v1           45 %        90 (45.0 %)   within 33.5–56.5 %; the application answered 10 of them with 503
  v3           5 %         10 (5.0 %)    within 1.0–10.5 %
  answer 500   50 %        100 (50.0 %)  within 38.5–61.5 %`,
    );
  });

  it('allow for a configured timeout or limit', () => {
    const outcome: Outcome = { ...ninety, timeout: '1s' };
    const late = { status: 504, text: 'upstream request timeout' };
    const full = { status: 503, text: 'upstream connect error', isOverflow: true };
    assert.equal(
      told(outcome, times(150, from('v1')), times(10, from('v3')), times(30, late), times(10, full)),
      `bookinfo/reviews, 200 requests from productpage-v1.bookinfo, all other requests
  DESTINATION                   CONFIGURED  OBSERVED      99.9 % BOUND
  v1                            90 %        150 (75.0 %)  perhaps within 82.5–96.0 %
  v3                            10 %        10 (5.0 %)    within 4.0–17.5 %
  504 upstream request timeout  -           30 (15.0 %)   explained by timeout 1s
  503 upstream connect error    -           10 (5.0 %)    explained by limit of connectionPool`,
    );
    assert.equal(judged(ninety, times(170, from('v1')), times(30, late)).verdict, 'outside');
  });

  it("expect the proxies' own answers", () => {
    const missing: Outcome = {
      kind: 'routed',
      destinations: [{ host, subset: 'v9', port: 9080, share: '1', missing: 'no subset v9' }],
    };
    const verdicts = [
      judged(missing, times(9, { status: 503, text: '' })),
      judged({ kind: 'noRoute' }, times(9, { status: 404, text: '' })),
      judged({ kind: 'redirect', status: 301 }, times(9, { status: 301, text: '' })),
      judged({ kind: 'reset' }, times(9, { text: 'the connection was closed without an answer: EOF' })),
    ];
    const row = (destination: string): unknown => ({
      rows: [{ destination, configured: '1', observed: 9, bound: { least: 9, most: 9 }, verdict: 'within' }],
      verdict: 'within',
    });
    assert.deepEqual(verdicts, [row('answer 503'), row('answer 404'), row('answer 301'), row('no answer')]);
  });

  it('distinguish the workloads of a destination', () => {
    const outcome: Outcome = { kind: 'routed', destinations: [{ host, port: 9080, share: '1' }] };
    assert.equal(
      told(outcome, times(30, from('v2')), times(30, from('v1'))),
      `bookinfo/reviews, 60 requests from productpage-v1.bookinfo, all other requests
  DESTINATION            CONFIGURED  OBSERVED      99.9 % BOUND
  reviews                100 %       60 (100.0 %)  within 100.0 %
    bookinfo/reviews-v1              30 (50.0 %)
    bookinfo/reviews-v2              30 (50.0 %)`,
    );
  });

  it('never round a share to 0 or 100 %', () => {
    const one: Outcome = { kind: 'routed', destinations: [{ host, subset: 'v1', port: 9080, share: '1' }] };
    assert.equal(
      told(one, times(4999, from('v1')), times(1, { text: '' })),
      `bookinfo/reviews, 5000 requests from productpage-v1.bookinfo, all other requests
  DESTINATION  CONFIGURED  OBSERVED         99.9 % BOUND
  v1           100 %       4999 (> 99.9 %)  outside 100.0 %
  no answer    -           1 (< 0.1 %)      not configured`,
    );
  });

  it('report that the time was over', () => {
    const early = { ...observation(ninety, times(90, from('v1')), times(10, from('v3'))), requests: 200 };
    assert.match(
      observationText(early, 5),
      /^bookinfo\/reviews, 100 of 200 requests, as 5 s were over, from productpage-v1\.bookinfo, all other requests\n/,
    );
  });

  it('decide the exit code', () => {
    const [within, outside, unknown] = [{ verdict: 'within' }, { verdict: 'outside' }, { verdict: 'unknown' }] as const;
    assert.deepEqual([exitCodeOf([within]), exitCodeOf([within, unknown]), exitCodeOf([unknown, outside])], [0, 3, 1]);
  });

  for (const [what, outcome, answers, why] of [
    [
      'where the request goes',
      { kind: 'passthrough' },
      [from('v1')],
      'the configuration does not determine where the request goes',
    ],
    ['what the model lacks', { kind: 'unknown', why: 'a regex too large' }, [from('v1')], 'a regex too large'],
    [
      'what comes of an injected error of gRPC',
      { ...ninety, fault: { abort: { share: '1/2', grpcStatus: 'UNAVAILABLE' } } },
      [from('v1')],
      'the injected error is one of gRPC, and the requests are plain HTTP',
    ],
    ['anything without an answer', ninety, [], 'no request was answered or refused in time'],
    [
      'which of two destinations a pod answers for',
      {
        kind: 'routed',
        destinations: [
          { host, subset: 'v1', port: 1, share: '1/2' },
          { host, subset: '1', port: 1, share: '1/2' },
        ],
      },
      [from('v1')],
      'bookinfo/reviews-v1 is behind several destinations: v1, 1',
    ],
  ] as [string, Outcome, Answer[], string][]) {
    it(`cannot tell ${what}`, () => {
      const seen = observation(outcome, answers);
      assert.deepEqual([seen.rows, seen.verdict, seen.why], [[], 'unknown', why]);
      const head = `bookinfo/reviews, ${answers.length} requests from productpage-v1.bookinfo, all other requests`;
      assert.equal(observationText(seen, 60), `${head}\n  cannot tell: ${why}`);
      assert.deepEqual(observationLines([seen]), [`bookinfo/reviews  all other requests  not observed: ${why}`]);
    });
  }
});

const stack = `config:
  meshwright:gateways:
    edge: { namespace: edge, gateways: { bookinfo: { front: {} } } }
  meshwright:namespaces: { bookinfo: { injection: true } }
  meshwright:apps: { bookinfo: { namespace: bookinfo } }
  meshwright:routes:
    bookinfo:
      productpage: { gateways: [front], hosts: ['*'], port: 9080, http: [{ match: [{ uri: { prefix: /productpage } }] }] }
      reviews:
        versions: [v1, v2, v3]
        weights: { v1: 50, v3: 50 }
        http: [{ match: [{ headers: { end-user: { exact: jason } } }], weights: { v2: 100 } }]
`;

const half = 'route: [{ destination: { host: ratings }, weight: 50 }, { destination: { host: details }, weight: 50 }]';

function settingsOf(text: string): StackSettings {
  const loaded = parseStackText(text, 'test.yaml');
  if ('problems' in loaded) assert.fail(JSON.stringify(loaded.problems));
  return loaded.settings;
}

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
}

/**
 * Stands in for the lab's node: its status, its proxy into the cluster, and a gateway. Pods of reviews answer in turn.
 */
class StubNode {
  readonly seen: Seen[] = [];
  private readonly servers: Server[] = [];
  private turn = 0;

  static async start(change: Partial<Record<'envoy' | 'pods' | 'nodePorts', unknown>> = {}): Promise<StubNode> {
    const node = new StubNode();
    const gateway = await node.listen((request) => {
      node.note(request);
      return { pod: 'bookinfo/productpage-v1-x' };
    });
    const egress = await node.listen((request) => {
      node.note(request);
      if (request.url?.startsWith('http://details') === true) return { status: 502 };
      const version = request.headers['end-user'] === 'jason' ? 'v2' : (['v1', 'v3'][node.turn++ % 2] ?? '');
      return { pod: `bookinfo/reviews-${version}-x` };
    });
    const pod = (app: string, version: string, namespace = 'bookinfo', role = 'sidecar'): unknown => {
      const workload = version === '' ? app : `${app}-${version}`;
      const labels = version === '' ? { app, istio: app } : { app, version };
      return { namespace, name: `${workload}-x`, workload, role, labels, ready: true };
    };
    const pods = [
      pod('details', 'v1'),
      pod('reviews', 'v1'),
      pod('productpage', 'v1'),
      pod('reviews', 'v2'),
      pod('reviews', 'v3'),
      pod('edge', '', 'edge', 'gateway'),
      pod('client', 'v1', 'bookinfo', 'app'),
    ];
    const address = `127.0.0.1:${gateway}`;
    const nodePorts = [{ namespace: 'edge', service: 'edge', port: 80, nodePort: 30080, address }];
    const status = JSON.stringify({ envoy: true, pods, nodePorts, ...change });
    node.address = { nodePort: await node.listen(() => ({ body: status })), egressPort: egress };
    node.gateway = address;
    return node;
  }

  address = { nodePort: 1, egressPort: 1 };
  gateway = '';

  stop(): void {
    for (const server of this.servers) server.close();
  }

  private note({ method, url, headers }: IncomingMessage): void {
    // These tests do not care whether a connection is kept.
    delete headers.connection;
    this.seen.push({ method, url, headers });
  }

  private async listen(
    answer: (request: IncomingMessage) => { pod?: string; status?: number; body?: string },
  ): Promise<number> {
    const server = createServer((request, response) => {
      const { pod, status = 200, body = 'closed' } = answer(request);
      response.writeHead(status, pod === undefined ? {} : { 'x-lab-pod': pod, server: 'envoy' }).end(body);
    });
    this.servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return (server.address() as AddressInfo).port;
  }
}

const edgePod = { namespace: 'edge', name: 'e', workload: 'edge', role: 'gateway', ready: true, labels: {} };

describe('requests on the lab', () => {
  let node: StubNode;
  before(async () => (node = await StubNode.start()));
  after(() => node.stop());
  beforeEach(() => node.seen.splice(0));

  const seenBy = (choice: ObserveOptions['choice'], requests = 4): Promise<Observation[]> =>
    observe(node.address, settingsOf(stack), { ...(choice && { choice }), requests, milliseconds: 5000 });
  const refusal = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => assert.fail('it was not refused'),
      (error: unknown) => (error instanceof UserError ? error.message : assert.fail(String(error))),
    );
  const bound = binomialBound('1/2', 4);

  it('go by default to every route that splits them, from a likely client', async () => {
    assert.deepEqual(await seenBy(undefined), [
      {
        route: 'bookinfo/reviews',
        who: 'all other requests',
        from: 'productpage-v1.bookinfo',
        request: `GET http://${host}:9080/`,
        requests: 4,
        sent: 4,
        rows: [
          { destination: 'v1', configured: '1/2', observed: 2, bound, verdict: 'within' },
          { destination: 'v3', configured: '1/2', observed: 2, bound, verdict: 'within' },
        ],
        verdict: 'within',
      },
    ]);
    const credentials = Buffer.from('productpage-v1.bookinfo:').toString('base64');
    const headers = { host: `${host}:9080`, 'user-agent': '', 'proxy-authorization': `Basic ${credentials}` };
    assert.deepEqual(node.seen, times4({ method: 'GET', url: `http://${host}:9080/`, headers }));
  });

  it('to a named route are of each class that it distinguishes', async () => {
    const seen = await seenBy({ route: 'reviews' });
    assert.deepEqual(
      seen.map(({ who, request, rows }) => [
        who,
        request,
        rows.map(({ destination, observed }) => [destination, observed]),
      ]),
      [
        ['header end-user is jason', `GET http://${host}:9080/, end-user: jason`, [['v2', 4]]],
        [
          'all other requests',
          `GET http://${host}:9080/`,
          [
            ['v1', 2],
            ['v3', 2],
          ],
        ],
      ],
    );
  });

  it("follow the user's options", async () => {
    const headers = { 'end-user': 'jason', 'user-agent': 'curl' };
    const choice = {
      route: 'bookinfo/reviews',
      from: 'reviews-v1.bookinfo',
      method: 'POST',
      path: '/reviews/0',
      headers,
    };
    const [seen, ...more] = await seenBy(choice);
    assert.deepEqual(
      [seen?.who, seen?.from, seen?.request, seen?.verdict, more],
      [
        'header end-user is jason',
        'reviews-v1.bookinfo',
        `POST http://${host}:9080/reviews/0, end-user: jason, user-agent: curl`,
        'within',
        [],
      ],
    );
    assert.deepEqual(
      [node.seen[0]?.method, node.seen[0]?.url, node.seen[0]?.headers['end-user'], node.seen[0]?.headers['user-agent']],
      ['POST', `http://${host}:9080/reviews/0`, 'jason', 'curl'],
    );
  });

  it('go to the node port of a gateway, with a path that the route matches', async () => {
    const [seen] = await seenBy({ route: 'productpage' });
    assert.deepEqual(seen, {
      route: 'bookinfo/productpage',
      who: 'path starts with /productpage',
      from: 'gateway edge/edge',
      request: `GET http://${node.gateway}/productpage, host: ${node.gateway}`,
      requests: 4,
      sent: 4,
      rows: [
        {
          destination: 'productpage.bookinfo',
          configured: '1',
          observed: 4,
          bound: { least: 4, most: 4 },
          verdict: 'within',
        },
      ],
      verdict: 'within',
    });
    assert.deepEqual(node.seen, times4({ method: 'GET', url: '/productpage', headers: { host: node.gateway } }));
  });

  it('reach a service without rules; a request that the node refuses counts as unanswered', async () => {
    const [seen] = await seenBy({ route: 'details' });
    assert.deepEqual(
      [
        seen?.who,
        seen?.verdict,
        seen?.rows.map(({ destination, observed, verdict }) => [destination, observed, verdict]),
      ],
      [
        'all requests',
        'outside',
        [
          ['details.bookinfo', 0, 'outside'],
          ['no answer', 4, 'unexpected'],
        ],
      ],
    );
  });

  it('stop when the time is over', async () => {
    const [seen] = await observe(node.address, settingsOf(stack), { requests: 100_000, milliseconds: 200 });
    assert.equal(seen?.requests, 100_000);
    assert.ok(seen.sent > 0 && seen.sent < 100_000, String(seen.sent));
  });

  it('from a pod without a sidecar are plain text', async () => {
    const [seen] = await seenBy({ route: 'reviews', from: 'client-v1.bookinfo' });
    assert.deepEqual(
      [seen?.from, seen?.rows[0]?.destination],
      ['client-v1.bookinfo, which has no sidecar', 'reviews.bookinfo'],
    );
  });

  it('are summarized after a start, with one line for each split kind', async () => {
    assert.deepEqual(await observedLines(node.address, settingsOf(stack)), [
      'bookinfo/reviews  all other requests  configured v1 50 %, v3 50 %  observed v1 50.0 %, v3 50.0 % of 200  within the 99.9 % bound',
    ]);
    assert.deepEqual(await observedLines(node.address, settingsOf('config: {}\n')), []);
    assert.deepEqual(await observedLines({ nodePort: 1, egressPort: 1 }, settingsOf(stack)), []);
  });

  it('name those that cannot be sent, besides the others', async () => {
    const withTls = stack.replace(
      'weights: { v1: 50, v3: 50 }',
      'weights: { v1: 50, v3: 50 }\n        gateways: [front, mesh]\n        hosts: [reviews.example, reviews]',
    );
    const other = await StubNode.start({ nodePorts: [] });
    try {
      const seen = await observe(other.address, settingsOf(withTls), { requests: 4, milliseconds: 5000 });
      assert.deepEqual(
        seen.map(({ from: sender, verdict, why }) => [sender, verdict, why]),
        [
          ['-', 'unknown', 'no node port of the lab leads to port 80 of gateway edge/edge'],
          ['productpage-v1.bookinfo', 'within', undefined],
        ],
      );
    } finally {
      other.stop();
    }
  });

  for (const [what, choice, why] of [
    [
      'an unknown route',
      { route: 'reveiws' },
      'reveiws is not a route or service of this stack; it has the routes bookinfo/productpage, bookinfo/reviews. Did you mean reviews?',
    ],
    [
      'a sender that there is not',
      { route: 'reviews', from: 'detials-v1.bookinfo' },
      '--from detials-v1.bookinfo: the lab has no such ready pod; write WORKLOAD.NAMESPACE, one of details-v1.bookinfo, reviews-v1.bookinfo, productpage-v1.bookinfo, reviews-v2.bookinfo, reviews-v3.bookinfo, client-v1.bookinfo. Did you mean details-v1.bookinfo?',
    ],
    [
      'another host in the mesh',
      { route: 'reviews', headers: { host: 'x' } },
      '-H host: bookinfo/reviews takes requests in the mesh, where the host is its service; leave it out.',
    ],
  ] as [string, NonNullable<ObserveOptions['choice']>, string][]) {
    it(`refuse ${what}`, async () => {
      assert.equal(await refusal(seenBy(choice)), why);
    });
  }

  it('refuse a sender for a route of gateways only', async () => {
    const settings = settingsOf(`config:
  meshwright:gateways:
    edge: { namespace: edge, gateways: { bookinfo: { front: {} } } }
  meshwright:namespaces: { bookinfo: {} }
  meshwright:objects:
    - apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: { name: page, namespace: bookinfo }
      spec: { hosts: ['*'], gateways: [front], http: [{ directResponse: { status: 200 } }] }
`);
    const choice = { route: 'page', from: 'details-v1.bookinfo' };
    assert.equal(
      await refusal(observe(node.address, settings, { choice, requests: 1, milliseconds: 1000 })),
      '--from details-v1.bookinfo: page takes requests at gateways alone, so leave it out.',
    );
  });

  it('refuse a name that several namespaces have', async () => {
    const settings = settingsOf(`${stack.replace('{ bookinfo: { injection: true } }', '{ bookinfo: {}, other: {} }')}
  meshwright:objects:
    - apiVersion: v1
      kind: Service
      metadata: { name: details, namespace: other }
      spec: { ports: [{ name: http, port: 80 }] }
`);
    const choice = { route: 'details' };
    assert.equal(
      await refusal(observe(node.address, settings, { choice, requests: 1, milliseconds: 1000 })),
      'details is a route in several namespaces: bookinfo/details, other/details.',
    );
  });

  it('report for each kind why it cannot be sent', async () => {
    const settings = settingsOf(`config:
  meshwright:gateways:
    edge: { namespace: edge, gateways: { bookinfo: { front: {} } } }
    bare: { namespace: bare, gateways: { bookinfo: { back: {} } } }
  meshwright:namespaces: { bookinfo: { injection: true } }
  meshwright:apps: { bookinfo: { namespace: bookinfo } }
  meshwright:objects:
    - apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: { name: page, namespace: bookinfo }
      spec: { hosts: ['*'], gateways: [front], http: [{ match: [{ uri: { exact: /ä } }], ${half} }] }
    - apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: { name: page, namespace: bare }
      spec: { hosts: ['*'], gateways: [bookinfo/back], http: [{ match: [{ headers: { a: { exact: € } } }], ${half} }, { ${half} }] }
    - apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: { name: some, namespace: bookinfo }
      spec: { hosts: [reviews], http: [{ match: [{ sourceLabels: { app: other } }], ${half} }] }
    - apiVersion: v1
      kind: Service
      metadata: { name: base, namespace: bookinfo }
      spec: { ports: [{ name: tcp, port: 3306 }] }
    - apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: { name: base, namespace: bookinfo }
      spec: { hosts: [base], tcp: [{ ${half} }] }
`);
    const nodePort = { nodePort: 30080, address: '127.0.0.1:1', port: 80 };
    const nodePorts = ['edge', 'bare'].map((name) => ({ ...nodePort, namespace: name, service: name }));
    const other = await StubNode.start({ nodePorts });
    try {
      assert.equal(
        await refusal(observe(other.address, settings, { requests: 1, milliseconds: 1000 })),
        `No request can be sent:
  bare/page, header a is €: no example of such a request could be made
  bare/page, all other requests: no ready pod of gateway bare/bare
  bookinfo/page, path is /ä: no example of such a request could be made
  bookinfo/base, all requests: its port 3306 takes tcp, and the requests are plain HTTP
  bookinfo/some, source label app is other: no ready pod is a sender that the rule takes`,
      );
    } finally {
      other.stop();
    }
  });

  for (const [what, change, why] of [
    [
      'no proxies',
      { envoy: false },
      'The lab runs no proxies, as this machine has no Envoy: `meshwright lab up` says how to get one.',
    ],
    ['no pods', { pods: null }, 'The lab has no ready pod with a proxy. Deploy the stack to it: npm start'],
    [
      'the pods of another stack',
      { pods: [edgePod] },
      'No request can be sent:\n  bookinfo/reviews, all other requests: no pod of reviews.bookinfo is in the lab; deploy this stack to it, or choose the one with --stack',
    ],
    [
      'no pods that may ask',
      {
        pods: [
          edgePod,
          { ...edgePod, namespace: 'bookinfo', name: 'r', workload: 'r', role: 'app', labels: { app: 'reviews' } },
        ],
      },
      'No request can be sent:\n  bookinfo/reviews, all other requests: no ready pod with a sidecar can send such requests',
    ],
  ] as const) {
    it(`are refused if the lab has ${what}`, async () => {
      const other = await StubNode.start(change);
      try {
        const work = observe(other.address, settingsOf(stack), { requests: 1, milliseconds: 1000 });
        assert.equal(await refusal(work), why);
      } finally {
        other.stop();
      }
    });
  }

  it('are refused if the lab is down or nothing is split', async () => {
    const options = { requests: 1, milliseconds: 1000 };
    assert.deepEqual(
      [
        await refusal(observe({ nodePort: 1, egressPort: 1 }, settingsOf(stack), options)),
        await refusal(observe(node.address, settingsOf('config: {}\n'), options)),
      ],
      [
        'The lab is not up, and requests are sent there only. Bring it up with the stack: npm start',
        'No route of this stack splits its requests; name one: meshwright traffic ROUTE.',
      ],
    );
  });
});

function times4<T>(one: T): T[] {
  return [one, one, one, one];
}

describe('meshwright traffic', () => {
  const folder = temporaryFolder();

  for (const [words, told] of [
    [
      ['-H', 'x y', '-X', 'CONNECT', '--path', 'x'],
      `This is not a request:
  header "x y"; write 'name: value'
  path "x"; a path begins with / and has no blanks
  method "CONNECT"; allowed are GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS
`,
    ],
    [
      ['-H', ':path: /x', '-H', 'Content-Length: 3', '-H', 'a: €'],
      `This is not a request:
  header :path; use --method, --path or the header host instead of it
  header content-length; it is about the connection, and the command sets it itself
  header a: "€" has characters that no header may have
`,
    ],
    [['--requests', '0'], '--requests 0; it is a whole number from 1 to 100000.\n'],
    [['--timeout', '1h'], '--timeout 1h; it is a whole number from 1 to 3600.\n'],
  ] as const) {
    it(`refuses ${words.join(' ')}`, () => {
      const file = folder.file('stack.yaml', reviewsStack('{ v1: 90, v3: 10 }'));
      assert.deepEqual(meshwright(['traffic', '--config', file, ...words]), { code: 2, stdout: '', stderr: told });
    });
  }
});
