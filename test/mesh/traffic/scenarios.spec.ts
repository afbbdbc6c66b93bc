import assert from 'node:assert/strict';
import { trafficDiff } from '../../../mesh/traffic/diff/traffic-diff';
import { defaultRetries } from '../../../mesh/traffic/rules/action';
import { Predictions, predictions, sampleTraffic } from './support/ask';

/**
 * The traffic of the walkthroughs, predicted from the samples' objects; test/real/scenarios sends the requests. Only
 * that test covers what applications do with an answer (pages, spans, metrics), and what depends on load or on earlier
 * answers (circuit breakers, outlier ejection and its end).
 */
const jason = { 'end-user': 'jason' };

/** `ratings` in `user02` → the name of the workload in predictions. */
const only = (workload: string): Record<string, string> => ({ [workload]: '1' });

describe('routing model, scenarios of walkthrough 000', () => {
  it('D1: /orders reaches order, which sees the path /', () => {
    const { destinations = [], path } = predictions('000').gatewayOutcome({ path: '/orders' });
    assert.deepEqual(
      [destinations, path],
      [[{ host: 'order.default.svc.cluster.local', port: 8080, subset: 'stable', share: '1' }], '/'],
    );
  });

  it('D2: /deliveries and /products reach delivery and product; anything else is 404', () => {
    const mesh = predictions('000');
    assert.deepEqual(mesh.atGateway('/deliveries'), only('default/delivery'));
    assert.deepEqual(mesh.atGateway('/products'), only('default/product'));
    for (const path of ['/', '/orders/1', '/none']) assert.deepEqual(mesh.atGateway(path), only('404, no rule'));
  });

  it('D3: weight 0 leaves one cluster; with separate versions and 80/20, a fifth goes to the canary', () => {
    const subsets = predictions('000')
      .gatewayOutcome({ path: '/orders' })
      .destinations?.map(({ subset }) => subset);
    assert.deepEqual(subsets, ['stable']);
    assert.deepEqual(predictions('000/canary-by-version').atGateway('/orders'), {
      'default/order-stable': '4/5',
      'default/order-canary': '1/5',
    });
  });

  it('D4: the protocol of an unnamed port is detected, so that HTTP routes and retries apply', () => {
    const { kind, destinations, retries } = predictions('000').meshOutcome('default', 'order', 8080);
    assert.deepEqual(
      { kind, destinations, retries },
      {
        kind: 'routed',
        destinations: [{ host: 'order.default.svc.cluster.local', port: 8080, share: '1' }],
        retries: defaultRetries,
      },
    );
  });
});

describe('routing model, scenarios of walkthrough 001', () => {
  it('D1: productpage gets its own paths, all other paths are 404', () => {
    const mesh = predictions('001');
    for (const path of ['/productpage', '/static/x', '/login', '/logout', '/api/v1/products'])
      assert.deepEqual(mesh.atGateway(path), only('default/productpage-v1'));
    assert.deepEqual(mesh.atGateway('/other'), only('404, no rule'));
  });

  it('D2: a third to each version of reviews, without rules and with round robin', () => {
    const thirds = { 'default/reviews-v1': '1/3', 'default/reviews-v2': '1/3', 'default/reviews-v3': '1/3' };
    assert.deepEqual(predictions('001').inMesh('default', 'reviews', 9080), thirds);
    assert.deepEqual(predictions('001/round-robin').inMesh('default', 'reviews', 9080), thirds);
  });

  it('D3: six web servers behind one service: half to each version', () => {
    assert.deepEqual(predictions('001/octopus').inMesh('default', 'webserver', 80), {
      'default/webserverv1': '1/2',
      'default/webserverv2': '1/2',
    });
  });

  it('D4, D5 (routing only): the path through the gateway, the page and reviews that spans and metrics show', () => {
    const mesh = predictions('001');
    assert.deepEqual(mesh.atGateway('/productpage'), only('default/productpage-v1'));
    assert.deepEqual(mesh.inMesh('default', 'ratings', 9080), only('default/ratings-v1'));
  });
});

describe('routing model, scenarios of walkthrough 002', () => {
  const recommendation = (state: string, headers: Record<string, string> = {}): Record<string, string> =>
    predictions(`002${state}`).inMesh('tutorial', 'recommendation', 8080, headers);

  it('D1: with customer alone, the gateway reaches it, and its own requests find no preference service', () => {
    const mesh = predictions('002/customer');
    assert.deepEqual(mesh.atGateway('/customer'), only('tutorial/customer'));
    assert.deepEqual(mesh.meshOutcome('tutorial', 'preference', 8080), {
      kind: 'passthrough',
      why: 'preference is not known to the proxy, and outboundTrafficPolicy is ALLOW_ANY',
    });
  });

  it('D2: with all three services, requests end at recommendation v1', () => {
    const mesh = predictions('002/recommendation-v1');
    assert.deepEqual(mesh.gatewayOutcome({ path: '/customer' }).path, '/');
    assert.deepEqual(mesh.inMesh('tutorial', 'preference', 8080), only('tutorial/preference-v1'));
    assert.deepEqual(mesh.inMesh('tutorial', 'recommendation', 8080), only('tutorial/recommendation-v1'));
  });

  it('D3: with v2 and no rules, every pod gets the same share', () => {
    const [v1, v2] = ['tutorial/recommendation-v1', 'tutorial/recommendation-v2'];
    assert.deepEqual(recommendation(''), { [v1]: '1/2', [v2]: '1/2' });
    assert.deepEqual(recommendation('/scaled'), { [v1]: '1/3', [v2]: '2/3' });
  });

  for (const [id, state, ends] of [
    ['D4', 'all-v1', { v1: '1' }],
    ['D5', '90-10', { v1: '9/10', v2: '1/10' }],
    ['D6', '75-25', { v1: '3/4', v2: '1/4' }],
    ['D7', 'all-v2', { v2: '1' }],
  ] as const) {
    it(`${id}: ${state}`, () => {
      const named = Object.entries(ends).map(([version, part]) => [`tutorial/recommendation-${version}`, part]);
      assert.deepEqual(recommendation(`/${state}`), Object.fromEntries(named));
    });
  }

  it('D8: 90/10 to 75/25: 15 of 100 requests move, and none of them to a missing destination', () => {
    const [before, after] = [sampleTraffic('002/90-10'), sampleTraffic('002/75-25')];
    const { moves } = trafficDiff(before.objects, after.objects, { before: before.options, after: after.options });
    assert.deepEqual(
      moves.map(({ from, host, moved }) => ({ from, host, moved })),
      [{ from: ['workloads'], host: 'recommendation.tutorial.svc.cluster.local', moved: '3/20' }],
    );
    const missing = moves.flatMap((move) => [move.before, move.after]).flatMap(({ destinations = [] }) => destinations);
    assert.deepEqual(
      missing.filter((destination) => destination.missing !== undefined),
      [],
    );
  });

  it('D9: Firefox goes to v2, Safari to v1; all go to v1 when preference drops the header', () => {
    const agent = (text: string): Record<string, string> => ({ 'baggage-user-agent': text });
    const [v1, v2] = [only('tutorial/recommendation-v1'), only('tutorial/recommendation-v2')];
    assert.deepEqual(recommendation('/firefox', agent('Mozilla/5.0 Gecko/20100101 Firefox/128.0')), v2);
    assert.deepEqual(recommendation('/firefox', agent('Safari')), v1);
    assert.deepEqual(recommendation('/firefox'), v1);
  });

  it('D10: rules deleted: both versions answer again', () => {
    const [v1, v2] = ['tutorial/recommendation-v1', 'tutorial/recommendation-v2'];
    const { moves } = trafficDiff(sampleTraffic('002/firefox').objects, sampleTraffic('002').objects);
    assert.ok(moves.length > 0);
    assert.deepEqual(recommendation(''), { [v1]: '1/2', [v2]: '1/2' });
  });
});

describe('routing model, scenarios of walkthrough 003', () => {
  const host = 'bookinfo.user02.cloud.35.209.207.26.nip.io';
  const reviews = (state: string, headers: Record<string, string> = {}): Record<string, string> =>
    predictions(`003${state}`).inMesh('user02', 'reviews', 9080, headers);
  const ratings = (state: string, headers: Record<string, string> = {}) =>
    predictions(`003${state}`).meshOutcome('user02', 'ratings', 9080, headers);

  it('D1: the gateway routes the host of productpage; any other host is 404', () => {
    const mesh = predictions('003');
    assert.deepEqual(mesh.atGateway('/productpage', {}, host), only('user02/productpage-v1'));
    assert.deepEqual(mesh.gatewayOutcome({ host: 'other.example', path: '/productpage' }), {
      kind: 'noRoute',
      status: 404,
      why: 'no route for host other.example on gateway user02/bookinfo-gateway',
    });
  });

  it('D2: ratings to productpage inside the mesh', () => {
    assert.deepEqual(predictions('003').inMesh('user02', 'productpage', 9080), only('user02/productpage-v1'));
  });

  it('D3: all to v1, then half to v3, then all to v3', () => {
    assert.deepEqual(reviews('/all-v1'), only('user02/reviews-v1'));
    assert.deepEqual(reviews('/reviews-50-v3'), { 'user02/reviews-v1': '1/2', 'user02/reviews-v3': '1/2' });
    assert.deepEqual(reviews('/reviews-v3'), only('user02/reviews-v3'));
  });

  it('D4: jason goes to v2, all others to v1; without the rules, to all three versions', () => {
    assert.deepEqual(reviews('/jason-v2', jason), only('user02/reviews-v2'));
    assert.deepEqual(reviews('/jason-v2'), only('user02/reviews-v1'));
    const thirds = { 'user02/reviews-v1': '1/3', 'user02/reviews-v2': '1/3', 'user02/reviews-v3': '1/3' };
    assert.deepEqual(reviews(''), thirds);
  });

  it('D5: ratings is 7 s late for jason, which is longer than the page waits, and answers; no delay for others', () => {
    assert.deepEqual(ratings('/delay', jason).fault, { delay: { share: '1', duration: '7s' } });
    assert.deepEqual(predictions('003/delay').inMesh('user02', 'ratings', 9080, jason), only('user02/ratings-v1'));
    assert.deepEqual(ratings('/delay').fault, undefined);
    assert.deepEqual(reviews('/delay', jason), only('user02/reviews-v2'));
  });

  it('D6: ratings fails for jason, not for others', () => {
    const mesh = predictions('003/abort');
    assert.deepEqual(mesh.inMesh('user02', 'ratings', 9080, jason), only('abort 500'));
    assert.deepEqual(mesh.inMesh('user02', 'ratings', 9080), only('user02/ratings-v1'));
  });

  it('D7: ratings fails for 50 %, then for 90 % of the requests', () => {
    for (const [state, aborted, rest] of [
      ['abort-50', '1/2', '1/2'],
      ['abort-90', '9/10', '1/10'],
    ] as const) {
      const ends = predictions(`003/${state}`).inMesh('user02', 'ratings', 9080);
      assert.deepEqual(ends, { 'abort 500': aborted, 'user02/ratings-v1': rest });
    }
  });

  it('D8 (routing only): with and without the circuit breaker all requests go to httpbin', () => {
    for (const state of ['httpbin', 'circuit-breaker'])
      assert.deepEqual(predictions(`003/${state}`).inMesh('user02', 'httpbin', 8000), only('user02/httpbin'));
  });

  it('D9 (routing only): half to each server before any ejection, and a 503 is retried', () => {
    for (const state of ['hello', 'outlier']) {
      const mesh = predictions(`003/${state}`);
      assert.deepEqual(mesh.inMesh('user02', 'svc-hello', 8080), {
        'user02/hello-server-1': '1/2',
        'user02/hello-server-2': '1/2',
      });
      const { attempts = 0, retryOn = '' } = mesh.meshOutcome('user02', 'svc-hello', 8080).retries ?? {};
      assert.deepEqual([attempts > 0, /(^|,)(503|5xx|gateway-error)(,|$)/.test(retryOn)], [true, true], retryOn);
    }
  });

  it('D10, D11 (routing only): without a retry policy in the route, a 503 is not retried', () => {
    const withoutRetries = { 'meshwright:routes': { user02: { 'svc-hello': { http: null } } } };
    const mesh = predictions('003/outlier', withoutRetries);
    assert.deepEqual(mesh.meshOutcome('user02', 'svc-hello', 8080).retries, defaultRetries);
    assert.equal(/503|5xx|gateway-error/.test(defaultRetries.retryOn), false);
  });
});

describe('routing model, scenarios of walkthrough 004', () => {
  const closed = only('connection closed');

  it('D1: STRICT: the connection of a client without a certificate is closed, one with a sidecar gets through', () => {
    const mesh = predictions('004');
    assert.deepEqual(mesh.fromPlain('default', 'productpage', 9080), closed);
    assert.deepEqual(mesh.inMesh('default', 'productpage', 9080), only('default/productpage-v1'));
  });

  it('D2: gateway to productpage with ISTIO_MUTUAL', () => {
    const mesh = predictions('004/destination-rules-mtls');
    assert.deepEqual(mesh.atGateway('/productpage'), only('default/productpage-v1'));
  });

  it('D3: PERMISSIVE: a client without a certificate gets through', () => {
    const ends = predictions('004/permissive').fromPlain('default', 'productpage', 9080);
    assert.deepEqual(ends, only('default/productpage-v1'));
  });

  it('D4: all to v1, then jason to v2', () => {
    const reviews = (state: string, headers: Record<string, string> = {}): Record<string, string> =>
      predictions(`004/${state}`).inMesh('default', 'reviews', 9080, headers);
    assert.deepEqual(reviews('all-v1'), only('default/reviews-v1'));
    assert.deepEqual(reviews('jason-v2', jason), only('default/reviews-v2'));
    assert.deepEqual(reviews('jason-v2'), only('default/reviews-v1'));
  });

  it('D5: a route to a subset that no DestinationRule has: 503', () => {
    const { objects, options } = sampleTraffic('004/all-v1');
    const without = objects.filter(({ kind }) => kind !== 'DestinationRule');
    const mesh = new Predictions({ objects: without, options: { ...options, complete: true } });
    assert.deepEqual(mesh.inMesh('default', 'reviews', 9080), only('503'));
    assert.deepEqual(
      mesh.meshOutcome('default', 'reviews', 9080).destinations?.map(({ missing }) => missing),
      ['no DestinationRule gives reviews.default.svc.cluster.local a subset v1'],
    );
    const part = new Predictions({ objects: without, options });
    assert.deepEqual(
      part.meshOutcome('default', 'reviews', 9080).destinations?.map(({ missing, unknown }) => ({ missing, unknown })),
      [
        {
          missing: undefined,
          unknown: 'no DestinationRule for subset v1 of reviews.default.svc.cluster.local is in the input',
        },
      ],
    );
  });
});
