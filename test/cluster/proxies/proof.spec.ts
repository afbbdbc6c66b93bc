import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import {
  expectedGone,
  expectedRoute,
  judgeDestinations,
  judgeRoute,
  proxyConfig,
  proxySyncs,
  waitForProxies,
  type ProxySyncView,
  type ProxyVerdict,
} from '../../../cluster/proxies';

const host = 'reviews.shop.svc.cluster.local';
const uuid = '5e1542d7-b8bb-44c9-9eb4-704fe10ed2af';
const nonce = (number: number): string => `2026-11-21T11:13:46Z/${number}${uuid}`;

function route(weights: Record<string, number>, spec: object = {}): KubernetesObject {
  const destinations = Object.entries(weights).map(([subset, weight]) => ({
    destination: { host: 'reviews', subset },
    weight,
  }));
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'reviews', namespace: 'shop' },
    spec: { hosts: ['reviews'], http: [{ route: destinations }], ...spec },
  };
}

/** An Envoy's own config dump with one virtual host. */
function dump(
  weights: Record<string, number> | undefined,
  clusters: Record<string, number> = {},
  port = '9080',
): unknown {
  const name = (subset: string): string => `outbound|9080|${subset}|${host}`;
  const asked = (subset: string): string => `outbound|${port}|${subset}|${host}`;
  const served = Object.entries(weights ?? {}).map(([subset, weight]) => ({ name: asked(subset), weight }));
  const rule =
    weights === undefined
      ? { route: { cluster: asked('') } }
      : {
          metadata: {
            filter_metadata: {
              istio: { config: '/apis/networking.istio.io/v1/namespaces/shop/virtual-service/reviews' },
            },
          },
          route: { weighted_clusters: { clusters: served } },
        };
  const type = (short: string): string => `type.googleapis.com/envoy.admin.v3.${short}`;
  return {
    configs: [
      {
        '@type': type('ClustersConfigDump'),
        dynamic_active_clusters: Object.keys(clusters).map((subset) => ({ cluster: { name: name(subset) } })),
      },
      {
        '@type': type('EndpointsConfigDump'),
        dynamic_endpoint_configs: Object.entries(clusters).map(([subset, count]) => ({
          endpoint_config: {
            cluster_name: name(subset),
            endpoints: [{ lb_endpoints: Array.from({ length: count }, () => ({})) }],
          },
        })),
      },
      {
        '@type': type('RoutesConfigDump'),
        dynamic_route_configs: [
          { route_config: { name: port, virtual_hosts: [{ name: `${host}:${port}`, routes: [rule] }] } },
        ],
      },
    ],
  };
}

interface Given {
  dump?: unknown;
  sent?: number;
  acked?: number;
  error?: string;
  type?: string;
}

function proxy(name: string, { dump: given, sent = 7, acked = sent, error, type = 'sidecar' }: Given): ProxySyncView {
  const [sync] = proxySyncs([
    {
      proxy: name,
      proxy_type: type,
      route_sent: nonce(sent),
      route_acked: nonce(acked),
      resources: { 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration': { lastError: error } },
    },
  ]);
  assert.ok(sync);
  return { ...sync, istiod: 'istiod-0', ...(given === undefined ? {} : { config: proxyConfig(given) }) };
}

const states = (verdicts: ProxyVerdict[]): [string, string, string | undefined][] =>
  verdicts.map((one) => [one.proxy, one.state, one.why]);

describe('the verdict on a proxy', () => {
  const expected = expectedRoute(route({ v1: 90, v3: 10 }));

  it('depends on its configuration, its acknowledgements, and other proxies', () => {
    const views = [
      proxy('there.shop', { dump: dump({ v1: 90, v3: 10 }) }),
      proxy('before.shop', { dump: dump({ v1: 50, v3: 50 }) }),
      proxy('behind.shop', { sent: 8, acked: 7 }),
      proxy('refuses.shop', { dump: dump({ v1: 90, v3: 10 }), error: 'no such thing' }),
      proxy('silent.shop', {}),
      proxy('default.shop', { dump: dump(undefined) }),
      proxy('other.shop', { dump: dump({}), type: 'router' }),
      proxy('early.shop', { dump: { configs: [] }, sent: 6 }),
    ];
    const found = judgeRoute(expected, views);
    assert.deepEqual(states(found), [
      ['there.shop', 'live', undefined],
      ['before.shop', 'lags', 'serves something else'],
      ['behind.shop', 'lags', 'has not acknowledged its routes'],
      ['refuses.shop', 'lags', 'refused its routes: no such thing'],
      ['silent.shop', 'unsure', 'does not answer itself'],
      ['default.shop', 'lags', 'still has the default route'],
      ['other.shop', 'lags', 'serves something else'],
      ['early.shop', 'unsure', 'has no such route'],
    ]);
    assert.deepEqual(found[0]?.serves, ['v1 90 %, v3 10 %']);
    assert.deepEqual(found[1]?.serves, ['v1 50 %, v3 50 %']);
  });

  it('is unconcerned once another proxy has the route and this one has had a later push', () => {
    const views = [
      proxy('there.shop', { dump: dump({ v1: 90, v3: 10 }) }),
      proxy('other.shop', { dump: { configs: [] }, sent: 8 }),
    ];
    assert.deepEqual(states(judgeRoute(expected, views))[1], ['other.shop', 'unconcerned', undefined]);
  });

  it('is live when a removed route is gone', () => {
    const gone = expectedGone(route({ v1: 100 }));
    const views = [proxy('a.shop', { dump: dump(undefined) }), proxy('b.shop', { dump: dump({ v1: 100 }) })];
    assert.deepEqual(states(judgeRoute(gone, views)), [
      ['a.shop', 'live', undefined],
      ['b.shop', 'lags', 'still has the route'],
    ]);
  });

  it('lags when its route names a missing cluster, unless the DestinationRules are restricted', () => {
    const views = [
      proxy('all.shop', { dump: dump({ v1: 90, v3: 10 }, { '': 2, v1: 1, v3: 1 }) }),
      proxy('half.shop', { dump: dump({ v1: 90, v3: 10 }, { '': 2, v1: 1 }) }),
      proxy('nothing.shop', { dump: dump({ v1: 90, v3: 10 }) }),
    ];
    const why = `answers 503, as it has no outbound|9080|v3|${host} (no such port or subset)`;
    assert.deepEqual(states(judgeRoute(expected, views)), [
      ['all.shop', 'live', undefined],
      ['half.shop', 'lags', why],
      ['nothing.shop', 'live', undefined],
    ]);
    assert.deepEqual(states(judgeRoute(expected, views, true))[1], ['half.shop', 'unsure', why]);
  });

  it('ignores the route configuration of a port that the service does not have, unless the route names that port', () => {
    const there = dump({ v1: 90, v3: 10 }, { '': 2, v1: 1, v3: 1 }) as { configs: object[] };
    const other = dump({ v1: 90, v3: 10 }, { '': 2, v1: 1, v3: 1 }, '80') as { configs: object[] };
    const both = { configs: [...there.configs, ...other.configs.slice(2)] };
    assert.deepEqual(states(judgeRoute(expected, [proxy('a.shop', { dump: both })])), [['a.shop', 'live', undefined]]);
    // At the listener of port 9080, requests to port 80 fail.
    const named = JSON.stringify(other).replace('"name":"80"', '"name":"9080"');
    const lost = ['v1', 'v3'].map((subset) => `outbound|80|${subset}|${host}`).join(', ');
    assert.deepEqual(states(judgeRoute(expected, [proxy('a.shop', { dump: JSON.parse(named) as unknown })])), [
      ['a.shop', 'lags', `answers 503, as it has no ${lost} (no such port or subset)`],
    ]);
  });

  it('does not need a destination without a share', () => {
    const views = [proxy('a.shop', { dump: dump({ v1: 100, v3: 0 }, { '': 2, v1: 1 }) })];
    assert.deepEqual(states(judgeRoute(expectedRoute(route({ v1: 100, v3: 0 })), views)), [
      ['a.shop', 'live', undefined],
    ]);
  });

  it('treats weights relative to their sum, and leaves out those of 0', () => {
    const views = [proxy('a.shop', { dump: dump({ v1: 9, v3: 1 }) })];
    assert.deepEqual(states(judgeRoute(expectedRoute(route({ v1: 90, v2: 0, v3: 10 })), views)), [
      ['a.shop', 'live', undefined],
    ]);
  });
});

describe('whether a proxy can reach a destination', () => {
  const wanted = ['reviews.shop.svc|v3'];

  it('depends on the cluster, and on an address if the service has any', () => {
    const views = [
      proxy('ready.shop', { dump: dump(undefined, { '': 2, v3: 1 }) }),
      proxy('missing.shop', { dump: dump(undefined, { '': 2 }) }),
      proxy('empty.shop', { dump: dump(undefined, { '': 2, v3: 0 }) }),
      proxy('down.shop', { dump: dump(undefined, { '': 0, v3: 0 }) }),
      proxy('stranger.shop', { dump: dump(undefined, {}) }),
    ];
    assert.deepEqual(states(judgeDestinations(wanted, views, false)), [
      ['ready.shop', 'live', undefined],
      ['missing.shop', 'lags', 'has no subset v3 of reviews.shop.svc yet'],
      ['empty.shop', 'lags', 'knows no address of v3 of reviews.shop.svc yet'],
      ['down.shop', 'live', undefined],
      ['stranger.shop', 'unconcerned', undefined],
    ]);
    const [, missing] = judgeDestinations(wanted, views, true);
    assert.equal(missing?.state, 'unsure');
  });
});

describe('the wait', () => {
  /** Successive observations, on a clock that only the pauses advance. */
  async function waited(looks: ProxyVerdict[][], timeoutMs = 5000): Promise<[boolean, number, string[]]> {
    let time = 0;
    let look = 0;
    const { live, milliseconds, verdicts } = await waitForProxies({
      look: () => Promise.resolve([]),
      judge: () => looks[Math.min(look++, looks.length - 1)] ?? [],
      timeoutMs,
      now: () => time,
      pause: (milliseconds) => Promise.resolve((time += milliseconds)),
    });
    return [
      live,
      milliseconds,
      verdicts.filter(({ state }) => state === 'lags').map(({ proxy: name, why }) => `${name}: ${why ?? ''}`),
    ];
  }
  const one = (state: ProxyVerdict['state']): ProxyVerdict[] => [
    { proxy: 'a.shop', istiod: 'i', state, why: 'so', serves: [] },
  ];

  it('ends at once when every proxy is live, and when there is none', async () => {
    assert.deepEqual(await waited([one('live')]), [true, 0, []]);
    assert.deepEqual(await waited([[]]), [true, 0, []]);
  });

  it('ends when the last proxy is live', async () => {
    assert.deepEqual(await waited([one('lags'), one('lags'), one('live')]), [true, 100, []]);
  });

  it('gives up after the timeout', async () => {
    assert.deepEqual(await waited([one('lags')], 3000), [false, 3000, ['a.shop: so']]);
  });

  it('accepts `unsure` after a second', async () => {
    const [live, milliseconds] = await waited([one('unsure')]);
    assert.deepEqual([live, milliseconds >= 1000 && milliseconds < 1500], [true, true]);
  });

  it('remembers a proxy that disconnected while it lagged', async () => {
    assert.deepEqual(await waited([one('lags'), []], 3000), [
      false,
      3000,
      ['a.shop: lost its connection to istiod before it had the change'],
    ]);
  });
});
