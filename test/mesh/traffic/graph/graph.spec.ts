import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import { changedGraph } from '../../../../mesh/traffic/graph/overlays';
import { trafficGraph } from '../../../../mesh/traffic/graph/graph';
import type { TrafficGraph } from '../../../../mesh/traffic/graph/types';
import { standaloneSvg, svgRenderer } from '../../../../mesh/traffic/graph/svg';
import { graphDot } from '../../../../mesh/traffic/graph/text';
import { treeHtml } from '../../../../mesh/traffic/graph/page';
import { trafficModel } from '../../../../mesh/traffic/traffic-model';

const istio = (group: string, kind: string, name: string, spec: object, namespace = 'shop'): KubernetesObject =>
  ({ apiVersion: `${group}.istio.io/v1`, kind, metadata: { name, namespace }, spec }) as KubernetesObject;
const service = (name: string): KubernetesObject[] => [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80 }] },
  },
  ...['v1', 'v2'].map((version) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `${name}-${version}`, namespace: 'shop' },
    spec: { template: { metadata: { labels: { app: name, version } } } },
  })),
];
const rule = (name: string, trafficPolicy: object = {}, ofV2: object = {}): KubernetesObject =>
  istio('networking', 'DestinationRule', name, {
    host: name,
    trafficPolicy,
    subsets: [
      { name: 'v1', labels: { version: 'v1' } },
      { name: 'v2', labels: { version: 'v2' }, trafficPolicy: ofV2 },
    ],
  });
const route = (name: string, weights: Record<string, number>, more: object = {}): KubernetesObject =>
  istio('networking', 'VirtualService', name, {
    hosts: [name],
    http: [
      {
        route: Object.entries(weights).map(([subset, weight]) => ({ destination: { host: name, subset }, weight })),
        ...more,
      },
    ],
  });
const graphOf = (...objects: KubernetesObject[]): TrafficGraph => trafficGraph(trafficModel(objects, {}));
const notesOf = ({ nodes }: TrafficGraph): Record<string, string[]> =>
  Object.fromEntries(nodes.map(({ label, notes }) => [label, notes]));
const arrows = ({ nodes, edges }: TrafficGraph): string[] => {
  const label = (id: string): string => nodes.find((node) => node.id === id)?.label ?? id;
  return edges.map(({ from, to, share, idle, notes }) =>
    [`${label(from)} > ${label(to)} ${share}`, ...(idle === true ? ['idle'] : []), ...notes].join(', '),
  );
};

describe('the graph of a mesh', () => {
  it('draws a version with weight 0, one that no rule names, and what moves away from one', () => {
    const before = graphOf(...service('cart'), rule('cart'), route('cart', { v1: 90, v2: 10 }));
    const after = graphOf(...service('cart'), rule('cart'), route('cart', { v1: 100, v2: 0 }));
    assert.deepEqual(arrows(after), ['cart > cart v1 1', 'cart > cart v2 0, idle']);
    assert.deepEqual(
      changedGraph(before, after).edges.map(({ before, share, change }) => [before, share, change]),
      [
        ['9/10', '1', 'changed'],
        ['1/10', '0', 'changed'],
      ],
    );
    assert.deepEqual(arrows(graphOf(...service('cart'), rule('cart'), route('cart', { v1: 100 }))), [
      'cart > cart v1 1',
      'cart > cart v2 0, idle',
    ]);
  });

  it('marks versions that a change adds or removes', () => {
    const old = graphOf(...service('cart'), rule('cart'), route('cart', { v1: 90, v2: 10 }));
    const single = istio('networking', 'DestinationRule', 'cart', {
      host: 'cart',
      subsets: [{ name: 'v1', labels: { version: 'v1' } }],
    });
    const fewer = graphOf(...service('cart'), single, route('cart', { v1: 100 }));
    const marks = (graph: TrafficGraph): unknown[] => [
      ...graph.nodes.map(({ label, change }) => [label, change]),
      ...graph.edges.map(({ to, change }) => [to.slice(-2), change]),
    ];
    const same = [
      ['cart', undefined],
      ['cart v1', undefined],
    ];
    assert.deepEqual(
      [marks(changedGraph(old, fewer)), marks(changedGraph(fewer, old))],
      ['removed', 'added'].map((mark) => [...same, ['cart v2', mark], ['v1', 'changed'], ['v2', mark]]),
    );
  });

  it('joins versions to a service without rules, without a share', () => {
    const graph = graphOf(...service('cart'), rule('cart'));
    assert.deepEqual(arrows(graph), ['cart > cart v1 1, idle', 'cart > cart v2 1, idle']);
    assert.match(graphDot(graph), /-> "version cart\S* v1" \[label="", class="same idle", style=dotted, dir=none\]/);
  });

  it('names circuit breakers and outlier detection at the service or the version that has them, and faults at arrows', () => {
    const pool = { connectionPool: { tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 2 } } };
    const outliers = { outlierDetection: { consecutive5xxErrors: 7, baseEjectionTime: '3m' } };
    const abort = { fault: { abort: { httpStatus: 500, percentage: { value: 50 } } } };
    const graph = graphOf(...service('cart'), rule('cart', pool, outliers), route('cart', { v1: 100 }, abort));
    assert.deepEqual(notesOf(graph), {
      cart: ['\u26a1 breaker: 1 connections, 2 pending'],
      'cart v1': ['1 pod'],
      'cart v2': ['1 pod', '\u2298 outliers: 7 5xx, out 3m'],
    });
    assert.deepEqual(arrows(graph)[0], 'cart > cart v1 1, \u26a0 abort 500 for 50 %');
    // A connection pool without limits is no circuit breaker.
    const plain = { connectionPool: { tcp: { connectTimeout: '1s' } } };
    assert.deepEqual(notesOf(graphOf(...service('cart'), rule('cart', plain)))['cart'], []);
  });

  it('names the mTLS mode of a service only where it differs from the mesh', () => {
    const mode = (name: string, namespace: string, spec: object): KubernetesObject =>
      istio('security', 'PeerAuthentication', name, spec, namespace);
    const strict = mode('default', 'istio-system', { mtls: { mode: 'STRICT' } });
    const both = [...service('cart'), ...service('mail')];
    const open = mode('mail', 'shop', { selector: { matchLabels: { app: 'mail' } }, mtls: { mode: 'PERMISSIVE' } });
    const half = mode('mail', 'shop', {
      selector: { matchLabels: { app: 'mail', version: 'v2' } },
      mtls: { mode: 'DISABLE' },
    });
    const facts = [[], [strict], [strict, open], [strict, half]].map((policies) => {
      const graph = graphOf(...both, ...policies);
      return [graph.captions[1], notesOf(graph)['cart'], notesOf(graph)['mail']];
    });
    const caption = (is: string): string => `mTLS ${is}, except where a service says otherwise.`;
    assert.deepEqual(facts, [
      [caption('permissive'), [], []],
      [caption('strict'), [], []],
      [caption('strict'), [], ['mTLS permissive']],
      [caption('strict'), [], ['mTLS disabled and strict']],
    ]);
    assert.deepEqual(changedGraph(graphOf(...both), graphOf(...both, strict)).captions, [
      'Drawn from the configuration: shares are configured, not observed.',
      `~ ${caption('strict')}`,
      `\u2212 ${caption('permissive')}`,
    ]);
  });

  it('names ports and hosts of a gateway, a long list in part', () => {
    const server = (number: number, protocol: string, hosts: string[]): object => ({
      port: { number, name: `p${number}`, protocol },
      hosts,
      ...(protocol === 'HTTPS' ? { tls: { mode: 'SIMPLE', credentialName: 'c' } } : {}),
    });
    const gateway = istio('networking', 'Gateway', 'edge', {
      selector: { istio: 'edge' },
      servers: [
        server(80, 'HTTP', ['*']),
        server(443, 'HTTPS', [
          'shop/a.example.com',
          'b.example.com',
          'c.example.com',
          'd.example.com',
          'e.example.com',
        ]),
      ],
    });
    const bound = istio('networking', 'VirtualService', 'in', {
      hosts: ['*'],
      gateways: ['edge'],
      http: [{ route: [{ destination: { host: 'cart' } }] }],
    });
    const graph = graphOf(...service('cart'), gateway, bound);
    assert.deepEqual(notesOf(graph)['edge'], [
      'HTTP 80: *',
      'HTTPS 443: a.example.com, b.example.com, c.example.com, 2 more',
    ]);
  });

  it('has colours that need no style sheet, and a white background', async () => {
    const graph = graphOf(...service('cart'), rule('cart'), route('cart', { v1: 100 }));
    const svg = standaloneSvg((await svgRenderer())(graph, 'Mesh'));
    const bare = svg.replace(/<style>[\s\S]*?<\/style>/, '');
    const shapes = [...bare.matchAll(/<(path|polygon|polyline|text)\b[^>]*>/g)].map(([tag]) => tag);
    // Only cluster frames, and text, which Graphviz draws black unless told otherwise, may go without a fill.
    assert.deepEqual(
      shapes.filter((tag) => /var\(/.test(tag) || !/ fill="(#[0-9a-f]{6}|none|white|transparent)"/.test(tag)),
      [],
    );
    assert.match(bare, /<polygon fill="(white|#ffffff)"/);
    assert.ok(bare.includes('shares are configured, not observed.'), 'the picture says what it shows');
  });

  it('is a tree in which every service has its versions below it, gateways first', () => {
    const graph = graphOf(...service('cart'), rule('cart'), route('cart', { v1: 90, v2: 10 }));
    const words = treeHtml(graph, 'Mesh')
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ');
    assert.equal(words.trim(), 'shop cart cart v1 1 pod 90 % cart v2 1 pod 10 %');
  });
});
