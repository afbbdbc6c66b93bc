import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { workloadClient } from '../../../mesh/traffic/classes/clients';
import { trafficDiffMarkdown, trafficDiffText } from '../../../mesh/traffic/diff/diff-text';
import { diffStatus, trafficDiff } from '../../../mesh/traffic/diff/traffic-diff';
import { explanation } from '../../../mesh/traffic/explanation';
import { graphMermaid } from '../../../mesh/traffic/graph/text';
import { trafficGraph } from '../../../mesh/traffic/graph/graph';
import type { Proxy, Request } from '../../../mesh/traffic/request';
import { route } from '../../../mesh/traffic/route';
import { trafficModel } from '../../../mesh/traffic/traffic-model';
import { effectiveSplits } from '../../../mesh/traffic/splits';
import { unknownsOf } from '../../../mesh/traffic/unknowns';
import { outcomeWords, placeWords } from '../../../mesh/traffic/words';
import type { MeshOptions } from '../../../mesh/model/mesh-model';

type Json = Record<string, unknown>;

const istioInjection = { 'istio-injection': 'enabled' };

function object(apiVersion: string, kind: string, id: string, spec: Json, metadata: Json = {}): KubernetesObject {
  const [namespace, name] = id.includes('/') ? id.split('/') : [undefined, id];
  const place = namespace === undefined ? { name } : { name, namespace };
  return { apiVersion, kind, metadata: { ...place, ...metadata }, spec };
}

const namespace = (name: string, labels: Json = istioInjection): KubernetesObject =>
  object('v1', 'Namespace', name, {}, { labels });
const service = (
  id: string,
  selector: Json,
  ports: Json[] = [{ name: 'http', port: 80, targetPort: 8080 }],
): KubernetesObject => object('v1', 'Service', id, { selector, ports });
const deployment = (id: string, labels: Json, spec: Json = {}): KubernetesObject =>
  object('apps/v1', 'Deployment', id, { ...spec, template: { metadata: { labels }, spec: { containers: [] } } });
const networking = (kind: string, id: string, spec: Json): KubernetesObject =>
  object('networking.istio.io/v1', kind, id, spec);
const security = (kind: string, id: string, spec: Json, metadata: Json = {}): KubernetesObject =>
  object('security.istio.io/v1', kind, id, spec, metadata);

/** Two versions of `pay` in namespace `till`, and nothing else. */
const pay = [
  namespace('till'),
  service('till/pay', { app: 'pay' }),
  deployment('till/pay-v1', { app: 'pay', version: 'v1' }),
  deployment('till/pay-v2', { app: 'pay', version: 'v2' }),
];
const subsets = networking('DestinationRule', 'till/pay', {
  host: 'pay',
  subsets: ['v1', 'v2'].map((name) => ({ name, labels: { version: name } })),
});
const split = (v1: number): KubernetesObject =>
  networking('VirtualService', 'till/pay', {
    hosts: ['pay'],
    http: [
      {
        route: [
          { destination: { host: 'pay', subset: 'v1' }, weight: v1 },
          { destination: { host: 'pay', subset: 'v2' }, weight: 100 - v1 },
        ],
      },
    ],
  });

/** The diff as lines, with its status first. */
function differs(before: KubernetesObject[], after: KubernetesObject[], options: MeshOptions = {}): string[] {
  const diff = trafficDiff(before, after, { before: options, after: options });
  return [
    diffStatus(diff),
    ...trafficDiffText(diff)
      .split('\n')
      .filter((line) => line !== ''),
  ];
}

const sidecar = (of: string, serviceAccount = 'default', labels: Record<string, string> = {}): Proxy => ({
  type: 'sidecar',
  namespace: of,
  labels,
  serviceAccount,
});

/** The destinations of a request in words, and its unknowns. */
function asked(
  objects: KubernetesObject[],
  request: Partial<Request>,
  proxy = sidecar('till'),
  options: MeshOptions = {},
): string[] {
  const whole = { host: 'pay.till', port: 80, ...request };
  const outcome = route(trafficModel(objects, options, whole), proxy, whole);
  return [outcome.kind === 'unknown' ? 'unknown' : placeWords(outcome), ...unknownsOf(outcome)];
}

const host = 'pay.till.svc.cluster.local';

describe('names that are not in the input', () => {
  it('a route whose Service is elsewhere is compared, and names the Service', () => {
    assert.deepEqual(differs([split(90)], [split(60)]), [
      'changed',
      `${host}:80, from workloads`,
      '  all requests: 30 % moves',
      '    - pay.till v1 90 %, pay.till v2 10 %',
      '    + pay.till v1 60 %, pay.till v2 40 %',
      `    ? unknown: no Service ${host} and no DestinationRule for subset v1 of ${host} is in the input`,
      `    ? unknown: no Service ${host} and no DestinationRule for subset v2 of ${host} is in the input`,
    ]);
    assert.deepEqual(asked([split(100), subsets], { port: 9080 }), [
      'pay.till v1',
      `no Service ${host} is in the input`,
    ]);
  });

  it('declared externals are known to exist, and a complete input lacks nothing', () => {
    assert.deepEqual(asked([split(100), subsets], {}, sidecar('till'), { externals: { hosts: [host] } }), [
      'pay.till v1',
    ]);
    assert.deepEqual(asked([...pay, split(100)], {}, sidecar('till'), { complete: true }), [
      `pay.till v1 (503: no DestinationRule gives ${host} a subset v1)`,
    ]);
  });

  it('a route whose Gateway is elsewhere is compared, and names the Gateway', () => {
    const at = (destination: string): KubernetesObject[] => [
      ...pay,
      service('till/book', { app: 'book' }),
      deployment('till/book', { app: 'book' }),
      networking('VirtualService', 'till/in', {
        hosts: ['pay.example'],
        gateways: ['edge/public'],
        http: [{ route: [{ destination: { host: destination } }] }],
      }),
    ];
    assert.deepEqual(differs(at('pay'), at('book')), [
      'changed',
      'pay.example:80, from gateway edge/public',
      '  all requests: 100 % moves',
      '    - pay.till',
      '    + book.till',
      '    ? unknown: no Gateway edge/public is in the input',
    ]);
  });

  it('a gateway workload that no Gateway selects gives no 404', () => {
    const proxy: Proxy = { type: 'gateway', namespace: 'edge', labels: { istio: 'ingress' } };
    const why = 'no Gateway that selects this workload is in the input';
    assert.deepEqual(asked(pay, { host: 'pay.example' }, proxy), ['unknown', why]);
  });

  it('a name in a namespace that is not in the input is not outside the mesh', () => {
    const known = [...pay, namespace('front')];
    assert.deepEqual(asked(known, { host: 'shelf.front' }, sidecar('till')), [
      'shelf.front',
      'no Service shelf.front.svc.cluster.local is in the input',
    ]);
    assert.deepEqual(asked(known, { host: 'www.example.org' }, sidecar('till')), [
      'passthrough, to the original address',
    ]);
  });
});

describe('pods', () => {
  const all = (from: string, to: string): string[] => [`    - ${from}`, `    + ${to}`];
  const moved = (before: KubernetesObject[], after: KubernetesObject[]): string[] => differs(before, after).slice(2);

  it('count by replicas, selectors and labels', () => {
    const scaled = pay.map((one) =>
      one.metadata.name === 'pay-v2' ? deployment('till/pay-v2', { app: 'pay', version: 'v2' }, { replicas: 3 }) : one,
    );
    const blue = [
      namespace('till'),
      service('till/pay', { app: 'pay', slot: 'blue' }),
      ...['blue', 'green'].map((slot) => deployment(`till/pay-${slot}`, { app: 'pay', slot })),
    ];
    const green = blue.map((one) =>
      one.kind === 'Service' ? service('till/pay', { app: 'pay', slot: 'green' }) : one,
    );
    assert.deepEqual(
      [moved(pay, scaled), moved(blue, green), moved(pay.slice(0, 3), pay)],
      [
        [
          '  all requests: 25 % moves',
          ...all('pay.till: till/pay-v1 50 %, till/pay-v2 50 %', 'pay.till: till/pay-v1 25 %, till/pay-v2 75 %'),
        ],
        ['  all requests: 100 % moves', ...all('pay.till: till/pay-blue', 'pay.till: till/pay-green')],
        ['  all requests: 50 % moves', ...all('pay.till: till/pay-v1', 'pay.till: till/pay-v1 50 %, till/pay-v2 50 %')],
      ],
    );
  });

  it('are described by their labels if they are not in the input', () => {
    const of = (version: string): KubernetesObject[] => [
      service('till/pay', { app: 'pay' }),
      networking('DestinationRule', 'till/pay', { host: 'pay', subsets: [{ name: 'v1', labels: { version } }] }),
      split(100),
    ];
    assert.deepEqual(moved(of('v1'), of('v7')), [
      '  all requests: 100 % moves',
      ...all('pay.till v1: pods with app=pay, version=v1', 'pay.till v1: pods with app=pay, version=v7'),
    ]);
  });

  it('without any, requests end in 503', () => {
    const lost = [...pay.slice(0, 3), deployment('till/pay-v2', { app: 'pay', track: 'v2' }), subsets, split(50)];
    assert.deepEqual(asked(lost, {}), [
      'pay.till v1 50 %, pay.till v2 50 % (503: no workload of namespace till has the labels app=pay, version=v2)',
    ]);
    const down = [...pay.slice(0, 2), deployment('till/pay-v1', { app: 'pay' }, { replicas: 0 })];
    assert.deepEqual(asked(down, {}), ['pay.till (503: Deployment till/pay-v1 has 0 replicas)']);
  });
});

describe('addresses and names', () => {
  it('a ClusterIP, an address of a ServiceEntry and the name of a headless pod lead to the service', () => {
    const objects = [
      ...pay,
      object('v1', 'Service', 'till/desk', {
        clusterIP: '10.9.0.7',
        selector: { app: 'pay' },
        ports: [{ name: 'http', port: 8085 }],
      }),
      object('v1', 'Service', 'till/safe', {
        clusterIP: 'None',
        selector: { app: 'pay' },
        ports: [{ name: 'http', port: 8086 }],
      }),
      networking('VirtualService', 'till/desk', {
        hosts: ['desk'],
        http: [{ route: [{ destination: { host: 'pay', port: { number: 80 } } }] }],
      }),
      networking('ServiceEntry', 'till/bank', {
        hosts: ['bank.example'],
        addresses: ['10.9.1.0/24'],
        ports: [{ number: 8087, name: 'http', protocol: 'HTTP' }],
        resolution: 'STATIC',
        endpoints: [{ address: '192.0.2.7' }],
      }),
    ];
    const places = [
      ['10.9.0.7', 8085],
      ['10.9.1.9', 8087],
      ['pay-0.safe.till', 8086],
    ].map(([name, port]) => asked(objects, { host: String(name), port: Number(port) }));
    assert.deepEqual(places, [['pay.till'], ['bank.example'], ['safe.till']]);
  });

  it('a connection that no TLS rule takes passes through under ALLOW_ANY and is closed under REGISTRY_ONLY', () => {
    const objects = [
      ...pay,
      networking('ServiceEntry', 'till/vendor', {
        hosts: ['*.vendor.example'],
        ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
      }),
      networking('VirtualService', 'till/vendor', {
        hosts: ['a.vendor.example'],
        tls: [
          {
            match: [{ sniHosts: ['a.vendor.example'] }],
            route: [{ destination: { host: 'pay', port: { number: 80 } } }],
          },
        ],
      }),
    ];
    const of = (name: string, protocol: 'tls' | 'http', mode: string): string[] =>
      asked(objects, { host: name, port: 443, protocol }, sidecar('till'), {
        meshConfig: { outboundTrafficPolicy: { mode } },
      });
    const passes = ['passthrough, to the original address'];
    assert.deepEqual(
      (['ALLOW_ANY', 'REGISTRY_ONLY'] as const).map((mode) => [
        of('a.vendor.example', 'tls', mode),
        of('b.vendor.example', 'tls', mode),
        of('a.vendor.example', 'http', mode),
      ]),
      [
        [['pay.till'], passes, passes],
        [['pay.till'], ['connection closed'], ['connection closed']],
      ],
    );
  });

  it('a change of outboundTrafficPolicy affects hosts that the mesh does not know', () => {
    const options = (mode: string): MeshOptions => ({ meshConfig: { outboundTrafficPolicy: { mode } } });
    const diff = trafficDiff(pay, pay, { before: options('ALLOW_ANY'), after: options('REGISTRY_ONLY') });
    assert.deepEqual(
      diff.moves.map(({ host: name, before, after }) => [name, before.kind, after.kind]),
      [['*', 'passthrough', 'blackHole']],
    );
  });
});

describe('mutual TLS', () => {
  const strict = security('PeerAuthentication', 'till/default', { mtls: { mode: 'STRICT' } });
  const plain = networking('DestinationRule', 'till/pay', { host: 'pay', trafficPolicy: { tls: { mode: 'DISABLE' } } });
  const takes = 'Deployment till/pay-v1 accepts mutual TLS only (PeerAuthentication till/default)';

  it('STRICT refuses clients that send plaintext, with a sidecar or without', () => {
    const refused = `pay.till (503: ${takes}, and DestinationRule till/pay sends plaintext)`;
    assert.deepEqual(
      [
        asked([...pay, strict], {}),
        asked([...pay, strict, plain], {}),
        asked([...pay, strict], {}, { type: 'none', namespace: 'jobs', labels: {} }),
        asked([...pay, strict], {}, sidecar('till'), { meshConfig: { enableAutoMtls: false } }),
      ],
      [['pay.till'], [refused], ['connection closed'], [`pay.till (503: ${takes}, and the client sends plaintext)`]],
    );
  });

  it('a port, a workload or a subset may have other settings', () => {
    const onPort = security('PeerAuthentication', 'till/v1', {
      selector: { matchLabels: { version: 'v1' } },
      mtls: { mode: 'STRICT' },
      portLevelMtls: { 8080: { mode: 'PERMISSIVE' } },
    });
    assert.deepEqual(asked([...pay, onPort, plain], {}), ['pay.till']);
    const onV1 = security('PeerAuthentication', 'till/v1', {
      selector: { matchLabels: { version: 'v1' } },
      mtls: { mode: 'STRICT' },
    });
    assert.deepEqual(asked([...pay, onV1, plain], {}), [
      'pay.till (50 % 503: Deployment till/pay-v1 accepts mutual TLS only (PeerAuthentication till/v1), and DestinationRule till/pay sends plaintext)',
    ]);
    // Without a proxy of the client, only the server can answer.
    assert.deepEqual(asked([...pay, onV1], {}, { type: 'none', namespace: 'jobs', labels: {} }), [
      'pay.till (50 % closed: Deployment till/pay-v1 accepts mutual TLS only (PeerAuthentication till/v1), and the client has no sidecar)',
    ]);
  });

  it('versions of Istio differ in automatic mutual TLS to a subset whose port has no mode, while the rule has one', () => {
    const rule = (mode: string, subset: Json = {}): KubernetesObject =>
      networking('DestinationRule', 'till/pay', {
        host: 'pay',
        trafficPolicy: {
          tls: { mode },
          portLevelSettings: [{ port: { number: 80 }, loadBalancer: { simple: 'ROUND_ROBIN' } }],
        },
        subsets: [{ name: 'v1', labels: { version: 'v1' }, ...subset }],
      });
    const toV1 = networking('VirtualService', 'till/pay', {
      hosts: ['pay'],
      http: [{ route: [{ destination: { host: 'pay', subset: 'v1' } }] }],
    });
    const off = security('PeerAuthentication', 'till/off', {
      selector: { matchLabels: { app: 'pay' } },
      mtls: { mode: 'DISABLE' },
    });
    const doubt = `whether automatic mutual TLS to ${host} v1 follows the mode of its DestinationRule, as it does since Istio 1.31`;
    assert.deepEqual(
      [
        asked([...pay, rule('DISABLE'), toV1, strict], {}),
        asked([...pay, rule('ISTIO_MUTUAL'), toV1, strict], {}),
        asked([...pay, rule('ISTIO_MUTUAL'), toV1, off], {}),
        asked([...pay, rule('DISABLE'), toV1, off], {}),
        asked([...pay, rule('DISABLE', { trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } }), toV1, strict], {}),
        asked([...pay, rule('DISABLE'), strict], {}),
      ],
      [
        ['pay.till v1', doubt],
        ['pay.till v1'],
        ['pay.till v1', doubt],
        ['pay.till v1'],
        ['pay.till v1'],
        [`pay.till (503: ${takes}, and the client sends plaintext)`],
      ],
    );
  });

  it('a retry may save requests that only some pods refuse, if the policy retries such failures', () => {
    const mutual = networking('DestinationRule', 'till/pay', {
      host: 'pay',
      trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
    });
    const onV1 = (spec: Json): KubernetesObject =>
      security('PeerAuthentication', 'till/v1', { selector: { matchLabels: { version: 'v1' } }, ...spec });
    const withRetries = (retries: Json): KubernetesObject =>
      networking('VirtualService', 'till/pay', {
        hosts: ['pay'],
        http: [{ retries, route: [{ destination: { host: 'pay' } }] }],
      });
    const noTls = [...pay, mutual, onV1({ mtls: { mode: 'DISABLE' } })];
    const needsTls = [...pay, plain, onV1({ mtls: { mode: 'STRICT' } })];
    const denied = [
      ...pay,
      security('AuthorizationPolicy', 'till/v1', { selector: { matchLabels: { version: 'v1' } } }),
    ];
    const retried = 'how many of the requests that till/pay-v1 refuses are retried on other pods';
    assert.deepEqual(
      [
        [noTls],
        [noTls, { attempts: 0 }],
        [noTls, { attempts: 1, retryOn: 'refused-stream' }],
        [noTls, { attempts: 1, retryOn: 'refused-stream, connect-failure' }],
        [needsTls],
        [needsTls, { attempts: 3, retryOn: 'reset' }],
        [denied],
        [denied, { attempts: 1, retryOn: '403' }],
        [[...pay, mutual, security('PeerAuthentication', 'till/default', { mtls: { mode: 'DISABLE' } })]],
      ].map(([objects, retries]) =>
        asked(
          [...(objects as KubernetesObject[]), ...(retries === undefined ? [] : [withRetries(retries as Json)])],
          {},
        ).slice(1),
      ),
      [[retried], [], [], [retried], [], [retried], [], [retried], []],
    );
  });

  it('the diff shows newly refused clients', () => {
    assert.deepEqual(differs(pay, [...pay, strict]), [
      'changed',
      `${host}:80, from clients without a sidecar`,
      '  all requests: 100 % moves',
      '    - pay.till',
      '    + connection closed',
    ]);
    assert.deepEqual(differs([namespace('till')], [namespace('till'), strict]), [
      'unknown',
      'Cannot tell what changes in traffic.',
      'Changed, but not modelled: the effect on traffic is unknown',
      '  PeerAuthentication till/default: the input has no workload that it applies to',
    ]);
  });
});

describe('AuthorizationPolicy and RequestAuthentication', () => {
  const policy = (spec: Json, metadata: Json = {}): KubernetesObject =>
    security('AuthorizationPolicy', 'till/p', spec, metadata);
  const refused = 'pay.till (403: no rule of AuthorizationPolicy till/p allows it)';

  it('refuse by sender, path, method, header and port', () => {
    const objects = [
      ...pay,
      policy({
        rules: [
          {
            from: [
              { source: { principals: ['cluster.local/ns/till/sa/desk'] } },
              { source: { namespaces: ['front'] } },
            ],
            to: [{ operation: { methods: ['GET'], paths: ['/read/*'], ports: ['8080'] } }],
            when: [{ key: 'request.headers[x-team]', values: ['a*'] }],
          },
        ],
      }),
    ];
    const request = { path: '/read/x', headers: { 'x-team': 'ab' } };
    assert.deepEqual(
      [
        asked(objects, request, sidecar('till', 'desk')),
        asked(objects, request, sidecar('front', 'any')),
        asked(objects, request, sidecar('till', 'other')),
        asked(objects, { ...request, method: 'POST' }, sidecar('front')),
        asked(objects, { ...request, path: '/write' }, sidecar('front')),
        asked(objects, { ...request, headers: {} }, sidecar('front')),
        asked(objects, request, { type: 'none', namespace: 'front', labels: {} }),
      ],
      [['pay.till'], ['pay.till'], [refused], [refused], [refused], [refused], [refused]],
    );
  });

  it('take a ServiceAccount in a condition as its principal, and do not know the server name between proxies', () => {
    const when = (key: string, ...values: string[]): KubernetesObject[] => [
      ...pay,
      policy({ rules: [{ when: [{ key, values }] }] }),
    ];
    const plain = { type: 'none', namespace: 'till', labels: {} } as const;
    assert.deepEqual(
      [
        asked(when('source.serviceAccount', 'till/desk'), {}, sidecar('till', 'desk')),
        asked(when('source.serviceAccount', 'desk'), {}, sidecar('till', 'desk')),
        asked(when('source.serviceAccount', 'front/desk'), {}, sidecar('till', 'desk')),
        asked(when('connection.sni', 'pay.test'), {}, sidecar('till', 'desk')).length,
        asked(when('connection.sni', 'pay.test'), {}, plain),
      ],
      [['pay.till'], ['pay.till'], [refused], 2, [refused]],
    );
  });

  it('and mutual TLS close connections to TCP ports, which have no answer', () => {
    const tcp = [
      namespace('till'),
      service('till/pay', { app: 'pay' }, [{ name: 'tcp-db', port: 5432, targetPort: 5432 }]),
      deployment('till/pay-v1', { app: 'pay', version: 'v1' }),
    ];
    const request = { port: 5432, protocol: 'tcp' } as const;
    const strict = security('PeerAuthentication', 'till/default', { mtls: { mode: 'STRICT' } });
    const plain = networking('DestinationRule', 'till/pay', {
      host: 'pay',
      trafficPolicy: { tls: { mode: 'DISABLE' } },
    });
    const http = { operation: { methods: ['GET'] } };
    const port = { operation: { ports: ['5432'] } };
    assert.deepEqual(
      [
        [...tcp, policy({ rules: [{ to: [port] }] })],
        [...tcp, policy({ action: 'DENY', rules: [{ to: [{ operation: { methods: ['GET'], ports: ['1'] } }] }] })],
        [...tcp, policy({ action: 'DENY', rules: [{ to: [http] }] })],
        // One HTTP condition is enough for istiod to leave an ALLOW rule out.
        [...tcp, policy({ rules: [{ to: [port, http] }] })],
        [...tcp, policy({ rules: [{ to: [port], from: [{ source: { requestPrincipals: ['*'] } }] }] })],
      ].map((objects) => asked(objects, request)),
      [
        ['pay.till'],
        ['pay.till'],
        ['pay.till (closed: AuthorizationPolicy till/p denies it)'],
        ['pay.till (closed: no rule of AuthorizationPolicy till/p allows it)'],
        ['pay.till (closed: no rule of AuthorizationPolicy till/p allows it)'],
      ],
    );
    assert.deepEqual(
      [asked([...tcp, policy({})], request), asked([...tcp, strict, plain], request)],
      [
        ['pay.till (closed: no rule of AuthorizationPolicy till/p allows it)'],
        [
          'pay.till (closed: Deployment till/pay-v1 accepts mutual TLS only (PeerAuthentication till/default), and DestinationRule till/pay sends plaintext)',
        ],
      ],
    );
  });

  it('DENY comes before ALLOW, an empty policy refuses everything, and one without a matching selector nothing', () => {
    const deny = security('AuthorizationPolicy', 'till/d', {
      action: 'DENY',
      rules: [{ to: [{ operation: { paths: ['/x'] } }] }],
    });
    const allow = policy({ rules: [{}] });
    assert.deepEqual(
      [
        asked([...pay, deny, allow], { path: '/x' }),
        asked([...pay, deny, allow], { path: '/y' }),
        asked([...pay, policy({})], {}),
        asked([...pay, policy({ selector: { matchLabels: { app: 'other' } } })], {}),
        asked([...pay, security('AuthorizationPolicy', 'istio-system/p', {})], {}),
      ],
      [
        ['pay.till (403: AuthorizationPolicy till/d denies it)'],
        ['pay.till'],
        [refused],
        ['pay.till'],
        ['pay.till (403: no rule of AuthorizationPolicy istio-system/p allows it)'],
      ],
    );
  });

  it('CUSTOM, a dry run and addresses are unknown, by class', () => {
    const custom = policy({
      action: 'CUSTOM',
      provider: { name: 'opa' },
      rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }],
    });
    const dry = policy({ action: 'DENY', rules: [{}] }, { annotations: { 'istio.io/dry-run': 'true' } });
    const address = policy({ action: 'DENY', rules: [{ from: [{ source: { ipBlocks: ['10.0.0.0/8'] } }] }] });
    assert.deepEqual(
      [
        asked([...pay, custom], { path: '/admin/x' }),
        asked([...pay, custom], { path: '/' }),
        asked([...pay, dry], {}),
        asked([...pay, address], {}),
      ],
      [
        ['pay.till', 'AuthorizationPolicy till/p leaves the decision to opa'],
        ['pay.till'],
        [
          'pay.till',
          'AuthorizationPolicy till/p is a dry run (spec.rules[0]); whether it is enforced later is not known',
        ],
        [
          'pay.till',
          'AuthorizationPolicy till/p depends on whether source address is 10.0.0.0/8, which the request does not show',
        ],
      ],
    );
  });

  it('see the path that the route has rewritten', () => {
    const rewritten = networking('VirtualService', 'till/pay', {
      hosts: ['pay'],
      http: [
        { match: [{ uri: { prefix: '/api' } }], rewrite: { uri: '/v2' }, route: [{ destination: { host: 'pay' } }] },
      ],
    });
    const objects = [...pay, rewritten, policy({ rules: [{ to: [{ operation: { paths: ['/v2/read*'] } }] }] })];
    assert.deepEqual(
      [asked(objects, { path: '/api/read/1' }), asked(objects, { path: '/api/write' })],
      [['pay.till'], [refused]],
    );
  });

  it('are followed class by class in a diff', () => {
    const reads = policy({ rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });
    assert.deepEqual(differs(pay, [...pay, reads]), [
      'changed',
      `${host}:80, from workloads, clients without a sidecar`,
      '  all other requests: 100 % moves',
      '    - pay.till',
      `    + ${refused}`,
    ]);
  });

  it('a gateway refuses before it routes, and tokens come first', () => {
    const proxy: Proxy = { type: 'gateway', namespace: 'edge', labels: { istio: 'ingress' } };
    const objects = [
      ...pay,
      networking('Gateway', 'edge/public', {
        selector: { istio: 'ingress' },
        servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
      }),
      networking('VirtualService', 'till/in', {
        hosts: ['pay.example'],
        gateways: ['edge/public'],
        http: [{ route: [{ destination: { host: 'pay' } }] }],
      }),
      security('AuthorizationPolicy', 'edge/p', {
        action: 'DENY',
        rules: [{ from: [{ source: { notRequestPrincipals: ['*'] } }], to: [{ operation: { paths: ['/private*'] } }] }],
      }),
      security('RequestAuthentication', 'edge/r', { jwtRules: [{ issuer: 'https://login.example' }] }),
    ];
    const of = (path: string, headers: Record<string, string> = {}): string =>
      asked(objects, { host: 'pay.example', path, headers }, proxy).join('; ');
    assert.deepEqual(
      [
        of('/'),
        of('/private/x'),
        of('/', { authorization: 'Bearer x' }),
        of('/private/x', { authorization: 'Bearer a.b.c' }),
      ],
      [
        'pay.till',
        'answer 403, AuthorizationPolicy edge/p denies it',
        'answer 401, RequestAuthentication edge/r refuses an invalid token',
        'pay.till; RequestAuthentication edge/r depends on whether token is invalid, which the request does not show',
      ],
    );
  });
});

describe('objects that are not modelled', () => {
  const api = 'gateway.networking.k8s.io/v1';
  const httpRoute = (name: string): KubernetesObject =>
    object(api, 'HTTPRoute', 'till/pay', {
      parentRefs: [{ kind: 'Service', group: '', name: 'pay' }],
      rules: [{ backendRefs: [{ name, port: 80 }] }],
    });
  const filter = (spec: Json = {}): KubernetesObject =>
    object('networking.istio.io/v1alpha3', 'EnvoyFilter', 'front/strip', {
      configPatches: [{ applyTo: 'HTTP_ROUTE', match: { context: 'SIDECAR_OUTBOUND' } }],
      ...spec,
    });

  it('are named if they can affect the answer, and only then', () => {
    assert.deepEqual(
      [
        asked([...pay, httpRoute('pay')], {}),
        asked([...pay, filter()], {}, sidecar('front')),
        asked([...pay, filter()], {}, sidecar('till')),
        asked(
          [...pay, filter({ workloadSelector: { labels: { app: 'web' } } })],
          {},
          sidecar('front', 'default', { app: 'job' }),
        ),
        asked(
          [
            ...pay,
            object('extensions.istio.io/v1alpha1', 'WasmPlugin', 'till/w', {
              selector: { matchLabels: { version: 'v1' } },
            }),
          ],
          {},
          sidecar('front'),
        ),
      ],
      [
        ['pay.till', 'HTTPRoute till/pay is not modelled'],
        ['pay.till', 'EnvoyFilter front/strip is not modelled'],
        ['pay.till'],
        ['pay.till'],
        ['pay.till', 'WasmPlugin till/w is not modelled'],
      ],
    );
  });

  it('make a diff unknown if they change, and have no effect if they stay', () => {
    const waypoint = object(api, 'Gateway', 'till/waypoint', { gatewayClassName: 'istio-waypoint' });
    const ingress = (name: string): KubernetesObject =>
      object('networking.k8s.io/v1', 'Ingress', 'till/in', {
        rules: [{ host: 'pay.example', http: { paths: [{ backend: { service: { name } } }] } }],
      });
    assert.deepEqual(
      [
        differs([...pay, httpRoute('pay')], [...pay, httpRoute('book')])[0],
        differs([...pay, httpRoute('pay')], [...pay, httpRoute('pay')])[0],
        differs([...pay, filter()], pay)[0],
        differs(pay, [...pay, waypoint])[0],
        differs([...pay, ingress('pay')], [...pay, ingress('book')]),
      ],
      [
        'unknown',
        'same',
        'unknown',
        'unknown',
        [
          'unknown',
          'Cannot tell what changes in traffic.',
          'Changed, but not modelled: the effect on traffic is unknown',
          '  Ingress till/in: requests for pay.example',
        ],
      ],
    );
  });

  it('are in the picture and in the stack output', () => {
    const objects = [...pay, subsets, split(50), httpRoute('pay')];
    assert.match(graphMermaid(trafficGraph(trafficModel(objects))), /HTTPRoute pay<br\/>not modelled/);
    assert.deepEqual(effectiveSplits({ objects }), {
      'till/pay': [
        { who: 'all requests', to: { v1: '50 %', v2: '50 %' }, unknown: ['HTTPRoute till/pay is not modelled'] },
      ],
    });
  });

  it('change behaviour under load if a setting differs', () => {
    const rule = (maxConnections: number, more: Json = {}): KubernetesObject =>
      networking('DestinationRule', 'till/pay', {
        host: 'pay',
        trafficPolicy: {
          connectionPool: { tcp: { maxConnections } },
          outlierDetection: { consecutive5xxErrors: 3 },
          ...more,
        },
      });
    assert.deepEqual(
      differs([...pay, rule(10)], [...pay, rule(1, { loadBalancer: { consistentHash: { httpHeaderName: 'x' } } })]),
      [
        'changed',
        'No request moves, but behaviour under load changes.',
        'Changes behaviour under load',
        '  pay.till: connectionPool.tcp.maxConnections 10 -> 1',
        '  pay.till: loadBalancer.consistentHash.httpHeaderName not set -> "x"',
      ],
    );
  });
});

describe('strings from the input', () => {
  const evil = (regex: string): KubernetesObject =>
    networking('VirtualService', 'till/pay', {
      hosts: ['pay'],
      http: [
        { match: [{ headers: { 'x-a': { regex } } }], route: [{ destination: { host: 'pay', subset: 'v1' } }] },
        { route: [{ destination: { host: 'pay' } }] },
      ],
    });

  it('are code in Markdown, and never control characters in a terminal or a picture', () => {
    const regex = '<img>|@team `x` \u001b[31m*a*';
    const diff = trafficDiff([...pay, subsets, split(50)], [...pay, subsets, evil(regex)]);
    const row = trafficDiffMarkdown(diff)
      .split('\n')
      .find((line) => line.includes('<img>'));
    assert.ok(row?.includes('``header x-a matches <img>\\|@team `x` \\u001b[31m*a*``'), row);
    const graph = graphMermaid(trafficGraph(trafficModel([...pay, subsets, evil(regex)])));
    assert.doesNotMatch(`${trafficDiffText(diff)}${graph}`, /[\u0000-\u0009\u000b-\u001f\u007f]/);
  });

  it('regexes that cannot be compared make a class uncertain', () => {
    const large = '(x|y)*x(x|y){17}';
    const diff = trafficDiff([...pay, subsets, evil(large)], [...pay, subsets, evil(`${large}z?`)]);
    assert.deepEqual([diffStatus(diff) === 'same', diff.moves.some(({ uncertain }) => uncertain)], [false, true]);
  });
});

describe('an explanation', () => {
  it('lists what its answer depends on', () => {
    const objects = [split(100), subsets];
    const request = { host: 'pay.till', port: 80 };
    const { unknown, outcome } = explanation(trafficModel(objects, {}, request), workloadClient('till', {}), request);
    assert.deepEqual([unknown, outcomeWords(outcome)], [[`no Service ${host} is in the input`], 'pay.till v1']);
  });
});
