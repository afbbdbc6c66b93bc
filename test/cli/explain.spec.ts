import assert from 'node:assert/strict';
import { sentRequest } from '../../mesh/traffic/senders';
import { trafficModel } from '../../mesh/traffic/traffic-model';
import { stackTraffic } from '../../mesh/traffic/stack-objects';
import { meshwright, temporaryFolder } from './support';

/** The command's answer, which must come with exit code 0 and nothing on stderr. */
function explained(...words: string[]): string {
  const { code, stdout, stderr } = meshwright(['explain', ...words]);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout;
}

describe('meshwright explain', () => {
  const folder = temporaryFolder();

  it('shows the rule, the shares, the simulated requests, and the classes of the host', () => {
    assert.equal(
      explained('--sample', '003/reviews-50-v3', 'reviews:9080', '--draw', '1000'),
      `from:  workloads
rule:  VirtualService user02/reviews spec.http[0]
to:    reviews.user02 v1 50 %, reviews.user02 v3 50 %

DESTINATION        PORT  SHARE  EXACT
reviews.user02 v1  9080  50 %   1/2
reviews.user02 v3  9080  50 %   1/2

DRAWN              REQUESTS  SHARE
reviews.user02 v1  505       50.5 %
reviews.user02 v3  495       49.5 %

REQUESTS TO reviews.user02.svc.cluster.local:9080  GO TO
all requests                                       reviews.user02 v1 50 %, reviews.user02 v3 50 %
`,
    );
  });

  it('accepts headers, and a workload as the sender', () => {
    const words = ['--sample', '003/delay', 'ratings:9080', '--from', 'workload user02/reviews-v2'];
    assert.equal(
      explained(...words, '-H', 'End-User: jason'),
      `from:  workload user02/reviews-v2
rule:  VirtualService user02/ratings spec.http[0]
to:    ratings.user02 v1
with:  delay 7s for 100 %

DESTINATION        PORT  SHARE  EXACT
ratings.user02 v1  9080  100 %  1

REQUESTS TO ratings.user02.svc.cluster.local:9080  GO TO
header end-user is jason                           ratings.user02 v1; delay 7s for 100 %
all other requests                                 ratings.user02 v1
`,
    );
  });

  it('accepts a path at the gateway, and shows the path that the application sees', () => {
    assert.equal(
      explained('--sample', '002/firefox', 'shop.example/customer/x?y=1'),
      `from:  gateway istio-system/istio-ingressgateway
rule:  VirtualService tutorial/customer-gateway spec.http[0]
to:    customer.tutorial
path:  //x?y=1
with:  path becomes /

DESTINATION        PORT  SHARE  EXACT
customer.tutorial  8080  100 %  1

REQUESTS TO *:80            GO TO
path starts with /customer  customer.tutorial; path becomes /
all other requests          404, no rule
`,
    );
  });

  it('shows the workloads if they add information to the destinations', () => {
    assert.equal(
      explained('--sample', '003', 'reviews:9080', '--from', 'user02 app=productpage,version=v1'),
      `from:  workloads of user02 with app=productpage, version=v1
rule:  none
to:    reviews.user02
why:   no rule applies: the service takes its own requests

DESTINATION     PORT  SHARE  EXACT
reviews.user02  9080  100 %  1

ENDS AT            SHARE
user02/reviews-v1  33.33 %
user02/reviews-v2  33.33 %
user02/reviews-v3  33.33 %

REQUESTS TO reviews.user02.svc.cluster.local:9080  GO TO
all requests                                       reviews.user02
`,
    );
  });

  it("treats the gateway's node port like the gateway itself", () => {
    const file = folder.file(
      'node-port.yaml',
      `config:
  meshwright:gateways:
    edge: { namespace: edge, service: { type: NodePort, nodePorts: { http2: 30081 } }, gateways: { bookinfo: { front: {} } } }
  meshwright:namespaces: { bookinfo: { injection: true } }
  meshwright:apps: { bookinfo: { namespace: bookinfo } }
  meshwright:routes: { bookinfo: { productpage: { gateways: [front], hosts: ['*'], port: 9080, http: [{ match: [{ uri: { prefix: / } }] }] } } }
`,
    );
    const answer = `from:  gateway edge/edge
rule:  VirtualService bookinfo/productpage spec.http[0]
to:    productpage.bookinfo

DESTINATION           PORT  SHARE  EXACT
productpage.bookinfo  9080  100 %  1

REQUESTS TO *:80  GO TO
all requests      productpage.bookinfo
`;
    const asked = ['localhost:30081/productpage', '127.0.0.1:30081/productpage', '[::1]:30081', '10.1.2.3:30081'].map(
      (target) => explained(target, '--config', file),
    );
    const itself = explained('localhost', '--config', file, '--from', 'gateway edge');
    const byName = explained('localhost:30081', '--config', file, '--from', 'gateway edge');
    assert.deepEqual(
      [...asked, itself, byName],
      Array.from({ length: 6 }, () => answer),
    );
    const { request } = JSON.parse(explained('localhost:30081/x', '--config', file, '--json')) as { request: unknown };
    const headers = { host: 'localhost:30081' };
    assert.deepEqual(request, { host: 'localhost', port: 80, protocol: 'http', method: 'GET', path: '/x', headers });
  });

  it('recognizes a node port only at the address of a node', () => {
    const objects = folder.file(
      'gateway.yaml',
      `apiVersion: v1
kind: Service
metadata: { name: edge, namespace: edge }
spec: { selector: { app: edge }, ports: [{ name: http, port: 80, nodePort: 30082 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: edge, namespace: edge }
spec: { template: { metadata: { labels: { app: edge }, annotations: { inject.istio.io/templates: gateway } } } }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: front, namespace: edge }
spec: { selector: { app: edge }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ['*'] }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: edge }
spec: { hosts: ['*'], gateways: [front], http: [{ directResponse: { status: 418 } }] }
`,
    );
    const to = (...words: string[]): string | undefined => /^to: .*$/m.exec(explained(...words, objects))?.[0];
    assert.deepEqual(
      [to('localhost:30082'), to('shop.example:30082'), to('localhost:30082', '--from', 'edge')],
      ['to:    answer 418', 'to:    connection closed', 'to:    passthrough, to the original address'],
    );
  });

  it('understands a node port that the cluster has chosen', () => {
    const traffic = trafficModel([
      ...stackTraffic({
        namespaces: { shop: {} },
        gateways: { edge: { namespace: 'edge', gateways: { shop: { front: {} } } } },
      }).objects,
    ]);
    const request = { host: 'localhost', port: 31999, path: '/' };
    const chosen = { namespace: 'edge', service: 'edge', port: 80, nodePort: 30080, address: '127.0.0.1:31999' };
    const headers = { host: 'localhost:31999' };
    const sent = (nodePort: typeof chosen): unknown[] => {
      const found = sentRequest(traffic, undefined, request, [nodePort]);
      return typeof found === 'string' ? [found] : [found.request, found.client.title];
    };
    assert.deepEqual(sent(chosen), [{ ...request, port: 80, headers }, 'gateway edge/edge']);
    assert.deepEqual(sent({ ...chosen, service: 'other' }), [request, 'gateway edge/edge']);
  });

  it('answers for a host that no gateway serves', () => {
    assert.equal(
      explained('--sample', '003', 'other.example.com'),
      `from:  gateway istio-ingress/istio-ingressgateway
rule:  none
to:    404, no rule
why:   404: no route for host other.example.com on gateway user02/bookinfo-gateway
`,
    );
  });

  it('answers for a port that the service lacks', () => {
    assert.equal(
      explained('--sample', '003', 'reviews.user02'),
      `from:  workloads
rule:  none
to:    passthrough, to the original address
why:   service reviews.user02.svc.cluster.local has no port 80, only 9080, and outboundTrafficPolicy is ALLOW_ANY
`,
    );
  });

  it('answers for a client without a sidecar whose server requires mutual TLS', () => {
    assert.equal(
      explained('--sample', '004', 'reviews:9080', '--from', 'plain default'),
      `from:  plain client of default
rule:  none
to:    connection closed
why:   Deployment default/reviews-v1 accepts mutual TLS only (PeerAuthentication istio-system/default), and the client has no sidecar
`,
    );
  });

  it('is JSON on demand, from files of objects too', () => {
    const file = folder.file(
      'objects.yaml',
      `apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec: { hosts: [web], http: [{ directResponse: { status: 418, body: { string: teapot } } }] }
`,
    );
    const rule = { kind: 'VirtualService', namespace: 'shop', name: 'web', path: 'spec.http[0]' };
    const outcome = { kind: 'response', status: 418, body: 'teapot', rule };
    assert.deepEqual(JSON.parse(explained('web', file, '--json', '--draw', '3')), {
      request: { host: 'web', port: 80, protocol: 'http', method: 'GET', path: '/', headers: {} },
      from: 'workloads',
      outcome,
      ends: { 'answer 418 "teapot"': '1' },
      unknown: [],
      classes: [
        {
          from: 'workloads',
          protocol: 'http',
          host: 'web.shop.svc.cluster.local',
          port: 80,
          who: 'all requests',
          when: [],
          reachable: true,
          example: {},
          outcome,
        },
      ],
      drawn: { 'answer 418 "teapot"': 3 },
    });
  });

  for (const [words, told] of [
    [
      ['http://'],
      'This is not a request:\n  "http://" is not a request; write [PROTOCOL://]HOST[:PORT][/PATH], e.g. reviews.bookinfo:9080/\n',
    ],
    [
      ['ftp://-x:99999', '-H', 'x y', '-X', 'G3T'],
      `This is not a request:
  protocol ftp; allowed are http, https, tcp, tls
  host "-x" is not a DNS name
  port 99999; a port is 1 to 65535
  header "x y"; write 'name: value'
  method "G3T"; a method is letters, e.g. GET
`,
    ],
    [['reviews:9080', '--draw', '0'], '--draw 0; it is a whole number from 1 to 1000000.\n'],
    [
      ['reviews:9080', '--from', 'workload user02/review-v1'],
      '--from: no workload has the name user02/review-v1; the workloads are istio-ingress/istio-ingressgateway, user02/details-v1, user02/productpage-v1, user02/ratings-v1, user02/reviews-v1, user02/reviews-v2, user02/reviews-v3; did you mean user02/reviews-v1?\n',
    ],
    [
      ['reviews:9080', '--from', 'nobody!'],
      `--from: "nobody!" is not a sender; write 'gateway NAME', 'workload NAMESPACE/NAME', 'plain NAMESPACE', a namespace, or 'NAMESPACE LABEL=VALUE,…'\n`,
    ],
  ] as const) {
    it(`refuses ${words.join(' ')} with exit code 2 and every problem`, () => {
      const ran = meshwright(['explain', '--sample', '003', ...words]);
      assert.deepEqual(ran, { code: 2, stdout: '', stderr: told });
    });
  }

  it('refuses a broken stack file', () => {
    const file = folder.file('broken.yaml', 'config: { meshwright:routes: { a: { b: { weights: { v1: 90 } } } } }\n');
    const { code, stdout, stderr } = meshwright(['explain', 'b.a', '--config', file]);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /weights must sum to 100, these sum to 90: v1 90/);
  });
});
