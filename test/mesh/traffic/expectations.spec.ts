import assert from 'node:assert/strict';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { judgeExpectations, type Expectation } from '../../../mesh/traffic/expectations';
import { stackTraffic } from '../../../mesh/traffic/stack-objects';

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

/** What is said of each expectation: its result and message. */
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
        ['invalid', '"" is no request'],
        ['invalid', 'protocol ftp'],
        ['invalid', 'port 99999'],
        ['invalid', 'no gateway has the name nowhere'],
        ['invalid', 'no workload has the name bookinfo/none'],
        ['invalid', '"Big Corp" is no sender'],
      ],
    );
  });
});
