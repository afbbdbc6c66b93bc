import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { type Expectation, type ExpectationVerdict, judgeExpectations } from '../../../mesh/traffic/expectations';
import { explanation } from '../../../mesh/traffic/explanation';
import { requestOf } from '../../../mesh/traffic/request';
import { sentRequest } from '../../../mesh/traffic/senders';
import { stackTraffic } from '../../../mesh/traffic/stack-objects';
import { trafficModel } from '../../../mesh/traffic/traffic-model';

const stack: StackSettings = {
  namespaces: { bookinfo: { injection: true }, edge: {} },
  apps: { bookinfo: { namespace: 'bookinfo' } },
  gateways: {
    'istio-ingressgateway': {
      namespace: 'edge',
      gateways: { edge: { public: { servers: [server('www.example.com')] } } },
    },
  },
  routes: {
    bookinfo: {
      productpage: {
        gateways: ['edge/public'],
        hosts: ['www.example.com'],
        http: [
          { match: [{ uri: { prefix: '/old' } }], redirect: { uri: '/new', redirectCode: 308 } },
          { match: [{ uri: { exact: '/productpage' } }] },
        ],
      },
      reviews: {
        versions: ['v1', 'v2', 'v3'],
        weights: { v1: 'rest', v3: 10 },
        http: [
          { match: [{ headers: { 'end-user': { exact: 'jason' } } }], weights: { v2: 100 } },
          { match: [{ method: { exact: 'POST' } }], directResponse: { status: 405 } },
          { fault: { abort: { httpStatus: 418, percentage: { value: 20 } } } },
        ],
      },
    },
  },
};

function server(host: string) {
  return { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [host] };
}

/** The result and message of each expectation. */
function judged(...expectations: Expectation[]): [string, string][] {
  return judgeExpectations(stackTraffic(stack), expectations).map(({ result, message }) => [result, message]);
}

const reviews = 'http://reviews.bookinfo:9080/';
const jason = { url: reviews, headers: { 'End-User': 'jason' } };

describe('expectations', () => {
  it('know that a workload without a sidecar ignores the routes, as explain does', () => {
    const plain = stackTraffic({ ...stack, namespaces: { bookinfo: { injection: false }, edge: {} } });
    const from = 'workload bookinfo/productpage-v1';
    assert.deepEqual(judgeExpectations(plain, [{ request: 'POST reviews:9080/', from, status: 405 }]), [
      {
        result: 'fails',
        message:
          'expected all requests from workload bookinfo/productpage-v1 to get status 405; instead: reviews.bookinfo',
      },
    ]);
  });

  it('hold where the request goes, with its share, or with the status of an answer', () => {
    const all: Expectation[] = [
      { request: jason, to: 'reviews v2' },
      { request: jason, to: 'reviews.bookinfo v2', from: 'bookinfo' },
      { request: jason, to: 'reviews.bookinfo.svc.cluster.local' },
      { request: reviews, to: 'reviews v3', share: 8 },
      { request: reviews, to: 'reviews v1', share: 72 },
      { request: reviews, to: 'reviews v2', share: 0 },
      { request: reviews, status: 418, share: 20 },
      { request: 'POST reviews:9080/', from: 'workload bookinfo/productpage-v1', status: 405 },
      { request: 'www.example.com/productpage', from: 'gateway edge/istio-ingressgateway', to: 'productpage' },
      { request: 'www.example.com/productpage', from: 'gateway public', to: 'productpage' },
      { request: 'www.example.com/old/x', status: 308 },
      { request: 'www.example.com/', status: 404 },
    ];
    assert.deepEqual(
      judged(...all).filter(([result]) => result !== 'holds'),
      [],
    );
  });

  it('fail with what happens instead, and the rule that decides', () => {
    assert.deepEqual(
      judged(
        { request: jason, to: 'reviews v3' },
        { request: 'www.example.com/', from: 'gateway public', to: 'productpage' },
        { request: jason, status: 404 },
      ),
      [
        [
          'fails',
          'expected all requests from workloads to reach reviews v3; instead: reviews.bookinfo v2 (VirtualService bookinfo/reviews spec.http[0])',
        ],
        [
          'fails',
          `expected all requests from gateway edge/istio-ingressgateway to reach productpage; instead: 404, no rule: ${judged({ request: 'www.example.com/', from: 'gateway public', status: 1 })[0]?.[1].split('no rule: ')[1] ?? ''}`,
        ],
        [
          'fails',
          'expected all requests from workloads to get status 404; instead: reviews.bookinfo v2 (VirtualService bookinfo/reviews spec.http[0])',
        ],
      ],
    );
  });

  it('are invalid with a request, a protocol or a sender that does not exist', () => {
    assert.deepEqual(
      judged(
        { request: '', to: 'reviews' },
        { request: 'ftp://reviews/', to: 'reviews' },
        { request: 'reviews:99999/', to: 'reviews' },
        { request: reviews, from: 'gateway nowhere', to: 'reviews' },
        { request: reviews, from: 'workload bookinfo/none', to: 'reviews' },
        { request: reviews, from: 'Big Corp', to: 'reviews' },
      ).map(([result, message]) => [result, message.split(';')[0]]),
      [
        ['invalid', '"" is not a request'],
        ['invalid', 'protocol ftp'],
        ['invalid', 'port 99999'],
        ['invalid', 'no gateway has the name nowhere'],
        ['invalid', 'no workload has the name bookinfo/none'],
        ['invalid', '"Big Corp" is not a sender'],
      ],
    );
  });

  describe('come from the same senders as those of explain', () => {
    const labels = { app: 'edge' };
    const gatewayPods = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'edge', namespace: 'edge' },
      spec: { template: { metadata: { labels, annotations: { 'inject.istio.io/templates': 'gateway' } } } },
    };
    const apiGateway = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'public', namespace: 'edge' },
      spec: { gatewayClassName: 'istio', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    };
    const httpRoute = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'web', namespace: 'edge' },
      spec: { parentRefs: [{ name: 'public' }], hostnames: ['web.example.com'] },
    };
    const ingress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'shop', namespace: 'shop' },
      spec: { ingressClassName: 'nginx', rules: [{ host: 'shop.example.com' }] },
    };
    const service = (namespace: string) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace },
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] },
    });
    const gateway = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'front', namespace: 'edge' },
      spec: { selector: labels, servers: [server('*')] },
    };
    const answer = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'teapot', namespace: 'edge' },
      spec: { hosts: ['*'], gateways: ['front'], http: [{ directResponse: { status: 418 } }] },
    };
    const nodePort = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'edge', namespace: 'edge' },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, nodePort: 30080 }] },
    };
    const routeAlone = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        hosts: ['web'],
        http: [
          {
            route: [
              { destination: { host: 'web', port: { number: 80 } }, weight: 90 },
              { destination: { host: 'api', port: { number: 80 } }, weight: 10 },
            ],
          },
        ],
      },
    };

    const cases: [string, KubernetesObject[], Expectation, ExpectationVerdict['result'], string][] = [
      [
        'the host of an HTTPRoute',
        [apiGateway, httpRoute],
        { request: 'web.example.com/', status: 404 },
        'cannotTell',
        'cannot tell: Gateway edge/public of the Gateway API is not modelled; HTTPRoute edge/web is not modelled',
      ],
      [
        'a Gateway of the Gateway API',
        [apiGateway, httpRoute],
        { request: 'web.example.com/', from: 'gateway edge/public', status: 404 },
        'cannotTell',
        'cannot tell: Gateway edge/public of the Gateway API is not modelled; HTTPRoute edge/web is not modelled',
      ],
      [
        'the host of an Ingress',
        [ingress],
        { request: 'shop.example.com/', status: 404 },
        'cannotTell',
        'cannot tell: Ingress shop/shop is not modelled',
      ],
      [
        'an Ingress',
        [ingress],
        { request: 'other.example.com/', from: 'gateway shop', status: 404 },
        'cannotTell',
        'cannot tell: Ingress shop/shop is not modelled',
      ],
      [
        'pods of a gateway that no Gateway selects',
        [gatewayPods],
        { request: 'web.example.com/', from: 'gateway edge', status: 404 },
        'cannotTell',
        'cannot tell: no Gateway that selects this workload is in the input',
      ],
      [
        'a node port',
        [gatewayPods, gateway, answer, nodePort],
        { request: 'localhost:30080/', status: 418 },
        'holds',
        '',
      ],
      [
        'a short name that two namespaces have',
        [service('shop'), service('store')],
        { request: 'web/', to: 'web' },
        'invalid',
        "web is a service of shop, store; write web.shop, or name the sender's namespace",
      ],
      [
        'a namespace that does not exist',
        [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }, service('shop')],
        { request: 'web.shop/', from: 'shpo', to: 'web' },
        'invalid',
        'no namespace has the name shpo; the namespaces are istio-system, shop',
      ],
      [
        'a route whose Services are elsewhere, with the written share',
        [routeAlone],
        { request: 'web.shop/', to: 'web.shop', share: 90 },
        'cannotTell',
        'cannot tell: no Service web.shop.svc.cluster.local is in the input; no Service api.shop.svc.cluster.local is in the input',
      ],
      [
        'a route whose Services are elsewhere, with a share that it cannot have',
        [routeAlone],
        { request: 'web.shop/', to: 'web.shop', share: 95 },
        'fails',
        'expected 95 % of the requests from workloads to reach web.shop; instead: web.shop 90 %, api.shop 10 % (VirtualService shop/web spec.http[0])',
      ],
    ];
    for (const [title, objects, expectation, result, message] of cases) {
      it(title, () => {
        const [verdict] = judgeExpectations({ objects, options: {} }, [expectation]);
        assert.deepEqual(verdict, { result, message });
        const request = requestOf(expectation.request);
        assert.ok(typeof request !== 'string');
        const traffic = trafficModel(objects, {}, request);
        const sent = sentRequest(traffic, expectation.from, request);
        const unknown = typeof sent === 'string' ? [] : explanation(traffic, sent.client, sent.request).unknown;
        if (result !== 'fails') assert.equal(unknown.length > 0, result === 'cannotTell');
      });
    }
  });
});
