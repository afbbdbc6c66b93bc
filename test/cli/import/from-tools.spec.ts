import assert from 'node:assert/strict';
import { fromTools, isToolKind, type FromTools, type ToolOptions } from '../../../cli/import/from-tools';
import { readKubernetesYaml } from '../../../config/yaml';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { check } from '../../../policy/check';

const parsed = (text: string): KubernetesObject[] =>
  readKubernetesYaml(text).map(({ value }) => value as KubernetesObject);

/** A conversion of YAML documents. */
const convert = (text: string, options?: ToolOptions): FromTools => fromTools(parsed(text), options);
const specs = ({ objects }: FromTools): Record<string, unknown> =>
  Object.fromEntries(objects.map(({ kind, metadata, spec }) => [`${kind} ${metadata.name}`, spec]));

/** Everything else exists, so that only the form of the objects is judged. */
const externals = {
  namespaces: ['*'],
  hosts: ['*'],
  gateways: ['*'],
  secrets: ['*'],
  workloads: ['*'],
  serviceAccounts: ['*'],
};
const refused = (objects: KubernetesObject[]): unknown[] =>
  check(objects, { externals }).filter(({ level }) => level === 'mandatory');

describe('objects of other tools in an import', () => {
  it('are known by group and kind', () => {
    const known = [
      ['flagger.app/v1beta1', 'Canary'],
      ['argoproj.io/v1alpha1', 'Rollout'],
      ['gateway.networking.k8s.io/v1', 'HTTPRoute'],
      ['networking.k8s.io/v1', 'Ingress'],
      ['networking.istio.io/v1', 'Gateway'],
      ['argoproj.io/v1alpha1', 'AnalysisTemplate'],
    ].map(([apiVersion = '', kind = '']) => isToolKind({ apiVersion, kind }));
    assert.deepEqual(known, [true, true, true, true, false, false]);
  });

  describe('Canary', () => {
    const canary = (service: string, analysis: string): string => `
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: till, namespace: shop }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: till }
  service: ${service}
  analysis: ${analysis}
`;
    const split = (port?: number) =>
      ['till-primary', 'till-canary'].map((host, index) => ({
        destination: { host, ...(port === undefined ? {} : { port: { number: port } }) },
        weight: index === 0 ? 100 : 0,
      }));

    it('becomes the routes that Flagger creates, whose weights Flagger moves', () => {
      const converted = convert(
        canary(
          '{ port: 80, hosts: [till.example.com], gateways: [edge/public], timeout: 5s, portDiscovery: true, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }',
          '{ interval: 1m, stepWeight: 10 }',
        ),
      );
      const { objects, ...rest } = converted;
      const made = specs({ ...rest, objects: objects.filter(({ kind }) => kind !== 'Canary') });
      const tls = { trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } };
      assert.deepEqual(made, {
        'VirtualService till': {
          hosts: ['till.example.com', 'till'],
          gateways: ['edge/public'],
          http: [{ timeout: '5s', route: split(80) }],
        },
        'DestinationRule till-primary': { host: 'till-primary', ...tls },
        'DestinationRule till-canary': { host: 'till-canary', ...tls },
      });
      assert.deepEqual(converted.weightsOwnedBy, { 'shop/till': 'flagger' });
      assert.deepEqual(converted.notCarried, []);
      assert.deepEqual(converted.converted, [
        {
          from: 'Canary shop/till',
          to: ['VirtualService shop/till', 'DestinationRule shop/till-primary', 'DestinationRule shop/till-canary'],
        },
      ]);
    });

    it('for A/B tests has the headers of the analysis and all other conditions of the service', () => {
      const { 'VirtualService till': spec } = specs(
        convert(
          canary(
            '{ name: till, port: 80, match: [{ uri: { prefix: /pay } }, { uri: { prefix: /tip } }] }',
            '{ iterations: 5, match: [{ headers: { beta: { exact: "yes" } }, uri: { prefix: /ignored } }] }',
          ),
        ),
      );
      const headers = { beta: { exact: 'yes' } };
      const [pay, tip] = [{ uri: { prefix: '/pay' } }, { uri: { prefix: '/tip' } }];
      assert.deepEqual(spec, {
        hosts: ['till'],
        gateways: ['mesh'],
        http: [
          {
            match: [
              { ...pay, headers },
              { ...tip, headers },
            ],
            route: split(),
          },
          { match: [pay, tip], route: split().slice(0, 1) },
        ],
      });
    });

    it('keeps existing routes with their current weights', () => {
      const live = `---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: { name: till, namespace: shop }
spec: { hosts: [till], http: [{ route: [{ destination: { host: till-primary }, weight: 70 }, { destination: { host: till-canary }, weight: 30 }] }] }
`;
      const all = convert(canary('{ port: 80 }', '{}') + live);
      assert.deepEqual(
        all.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
        ['Canary till', 'VirtualService till', 'DestinationRule till-primary', 'DestinationRule till-canary'],
      );
      assert.deepEqual(all.objects[1], parsed(live)[0]);
    });

    it('is dropped by choice, and fields that only Flagger reads are listed', () => {
      const all = convert(canary('{ port: 80 }', '{ stepWeight: 10, metrics: [{ name: latency }] }'), {
        weights: 'take',
      });
      assert.deepEqual(all.weightsOwnedBy, {});
      assert.deepEqual(
        all.notCarried.map(({ object, path, value }) => [object, path, value]),
        [
          ['Canary shop/till', '', undefined],
          ['Canary shop/till', 'spec.analysis.stepWeight', 10],
          ['Canary shop/till', 'spec.analysis.metrics', [{ name: 'latency' }]],
        ],
      );
      assert.ok(!all.objects.some(({ kind }) => kind === 'Canary'));
    });

    it('for another provider than Istio is not converted', () => {
      const text = canary('{ port: 80 }', '{}').replace('spec:', 'spec:\n  provider: linkerd');
      assert.deepEqual(convert(text), { objects: parsed(text), weightsOwnedBy: {}, converted: [], notCarried: [] });
    });
  });

  describe('Rollout', () => {
    const rollout = (istio: string): string => `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: till, namespace: shop }
spec: { strategy: { canary: { trafficRouting: { istio: ${istio} }, steps: [{ setWeight: 5 }] } } }
`;

    it('names the routes whose weights Argo Rollouts moves, also in other namespaces', () => {
      const text = rollout('{ virtualServices: [{ name: till, routes: [primary] }, { name: pay.bank }] }');
      assert.deepEqual(convert(text), {
        objects: parsed(text),
        weightsOwnedBy: { 'shop/till': 'argo', 'bank/pay': 'argo' },
        converted: [{ from: 'Rollout shop/till', to: ['VirtualService shop/till', 'VirtualService bank/pay'] }],
        notCarried: [],
      });
    });

    it('is listed with the fields to remove before the stack sets the weights', () => {
      const istio =
        '{ virtualService: { name: till }, destinationRule: { name: till, canarySubsetName: c, stableSubsetName: s } }';
      const all = convert(rollout(istio), { weights: 'take' });
      assert.deepEqual(all.weightsOwnedBy, {});
      assert.deepEqual(
        all.notCarried.map(({ path }) => path),
        ['spec.strategy.canary.trafficRouting.istio', 'spec.strategy.canary.trafficRouting.istio.destinationRule'],
      );
    });
  });

  describe('HTTPRoute', () => {
    const gateway = (listeners: string): string => `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: shop }
spec: { gatewayClassName: istio, listeners: ${listeners} }
`;
    const http = gateway('[{ name: web, port: 80, protocol: HTTP }]');
    const route = (spec: string, name = 'till'): string => `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
`;
    const parents = 'parentRefs: [{ name: public }], hostnames: [till.example.com]';
    const backend = (name: string) => `backendRefs: [{ name: ${name}, port: 80 }]`;
    const to = (host: string) => [{ destination: { host, port: { number: 80 } } }];
    const rulesOf = (text: string): unknown =>
      (specs(convert(http + text, { routes: 'convert' }))['VirtualService till'] as { http?: unknown }).http;

    it('is converted only on request', () => {
      const text = http + route(`{ ${parents}, rules: [{ ${backend('a')} }] }`);
      assert.deepEqual(convert(text), { objects: parsed(text), weightsOwnedBy: {}, converted: [], notCarried: [] });
    });

    it('and its Gateway become a VirtualService and a Gateway for the given workload', () => {
      const all = convert(http + route(`{ ${parents}, rules: [{ ${backend('a')}, timeouts: { request: 3s } }] }`), {
        routes: 'convert',
        gateway: { selector: { app: 'edge' }, namespace: 'edge' },
      });
      assert.deepEqual(all.objects, [
        {
          apiVersion: 'networking.istio.io/v1',
          kind: 'Gateway',
          metadata: { name: 'public', namespace: 'shop' },
          spec: {
            selector: { app: 'edge' },
            servers: [{ port: { number: 80, name: 'http-web', protocol: 'HTTP' }, hosts: ['./*'] }],
          },
        },
        {
          apiVersion: 'networking.istio.io/v1',
          kind: 'VirtualService',
          metadata: { name: 'till', namespace: 'shop' },
          spec: {
            hosts: ['till.example.com'],
            gateways: ['shop/public'],
            http: [{ route: to('a'), timeout: '3s' }],
          },
        },
      ]);
      assert.deepEqual(refused(all.objects), []);
      assert.deepEqual(all.converted, [
        { from: 'Gateway shop/public', to: ['Gateway shop/public'] },
        { from: 'HTTPRoute shop/till', to: ['VirtualService shop/till'] },
      ]);
    });

    it('is sorted as the Gateway API prescribes, and a prefix matches whole path elements', () => {
      const rules = [
        `{ matches: [{ path: { value: /pay } }], ${backend('pay')} }`,
        `{ matches: [{ path: { type: RegularExpression, value: '/x.*' } }], ${backend('x')} }`,
        `{ matches: [{ path: { value: /pay/ }, headers: [{ name: Team, value: a }] }, { path: { type: Exact, value: /now } }], ${backend('now')} }`,
        `{ matches: [{ method: POST }], ${backend('post')} }`,
        `{ ${backend('rest')} }`,
      ];
      const pay = (more: object) => [
        { uri: { exact: '/pay' }, ...more },
        { uri: { prefix: '/pay/' }, ...more },
      ];
      assert.deepEqual(rulesOf(route(`{ ${parents}, rules: [${rules.join()}] }`)), [
        { match: [{ uri: { exact: '/now' } }], route: to('now') },
        { match: pay({ headers: { team: { exact: 'a' } } }), route: to('now') },
        { match: pay({}), route: to('pay') },
        { match: [{ method: { exact: 'POST' } }], route: to('post') },
        { route: to('rest') },
        { match: [{ uri: { regex: '/x.*' } }], route: to('x') },
      ]);
    });

    it('keeps filters, shares and answers', () => {
      const rules = [
        `{ matches: [{ path: { value: /old } }], filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /new/ } } }], ${backend('a')} }`,
        '{ matches: [{ path: { value: /go } }], filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }] }',
        '{ matches: [{ path: { value: /no } }] }',
        `{ filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: a, value: b }], remove: [c] } }, { type: RequestMirror, requestMirror: { backendRef: { name: m, port: 80 }, percent: 5 } }],
          backendRefs: [{ name: a, port: 80, weight: 3 }, { name: b, port: 80, weight: 1 }, { name: c, port: 80, weight: 0 }] }`,
      ];
      const [old, go, no] = ['/old', '/go', '/no'].map((path) => [
        { uri: { exact: path } },
        { uri: { prefix: `${path}/` } },
      ]);
      const [exact, prefix] = old ?? [];
      assert.deepEqual(rulesOf(route(`{ ${parents}, rules: [${rules.join()}] }`)), [
        { match: [exact], rewrite: { uri: '/new' }, route: to('a') },
        { match: [prefix], rewrite: { uri: '/new/' }, route: to('a') },
        { match: go, redirect: { scheme: 'https', derivePort: 'FROM_PROTOCOL_DEFAULT', redirectCode: 302 } },
        { match: no, directResponse: { status: 500 } },
        {
          headers: { request: { set: { a: 'b' }, remove: ['c'] } },
          mirrors: [{ destination: { host: 'm', port: { number: 80 } }, percentage: { value: 5 } }],
          route: [75, 25, 0].map((weight, index) => ({ ...to(['a', 'b', 'c'][index] ?? '')[0], weight })),
        },
      ]);
    });

    it('for a Service applies in the mesh, and from another namespace only to its clients', () => {
      const text = route(
        `{ parentRefs: [{ group: "", kind: Service, name: a }, { group: "", kind: Service, name: b, namespace: bank, port: 90 }], rules: [{ ${backend('a')} }] }`,
      );
      assert.deepEqual(specs(convert(text, { routes: 'convert' })), {
        'VirtualService till': { hosts: ['a'], http: [{ route: to('a') }] },
        'VirtualService till-2': {
          hosts: ['b.bank.svc.cluster.local'],
          exportTo: ['.'],
          http: [{ match: [{ port: 90 }], route: to('a') }],
        },
      });
    });

    it('shares a table with the HTTPRoutes of its host', () => {
      const text = [
        route(`{ ${parents}, rules: [{ matches: [{ path: { value: /a } }], ${backend('a')} }] }`),
        route(`{ ${parents}, rules: [{ matches: [{ path: { value: /a/b } }], ${backend('b')} }] }`, 'other'),
      ].join('');
      const { 'VirtualService till': spec, ...rest } = specs(convert(http + text, { routes: 'convert' }));
      const match = (path: string) => [{ uri: { exact: path } }, { uri: { prefix: `${path}/` } }];
      assert.deepEqual((spec as { http: unknown }).http, [
        { match: match('/a/b'), route: to('b') },
        { match: match('/a'), route: to('a') },
      ]);
      assert.deepEqual(Object.keys(rest), ['Gateway public']);
    });

    const kept: [name: string, documents: string, fields: string[]][] = [
      [
        'a filter that Istio has no field for',
        http +
          route(
            `{ ${parents}, rules: [{ filters: [{ type: ExtensionRef, extensionRef: { group: a, kind: b, name: c } }], ${backend('a')} }] }`,
          ),
        ['Gateway shop/public ', 'HTTPRoute shop/till spec.rules[0].filters[0]'],
      ],
      [
        'retries, session persistence and a timeout of one attempt',
        http +
          route(
            `{ ${parents}, rules: [{ retry: { attempts: 2 }, sessionPersistence: {}, timeouts: { backendRequest: 1s }, ${backend('a')} }] }`,
          ),
        [
          'Gateway shop/public ',
          'HTTPRoute shop/till spec.rules[0].retry',
          'HTTPRoute shop/till spec.rules[0].sessionPersistence',
          'HTTPRoute shop/till spec.rules[0].timeouts.backendRequest',
        ],
      ],
      [
        'weights that are no whole percent',
        http +
          route(
            `{ ${parents}, rules: [{ backendRefs: [{ name: a, port: 80, weight: 1 }, { name: b, port: 80, weight: 2 }] }] }`,
          ),
        ['Gateway shop/public ', 'HTTPRoute shop/till spec.rules[0].backendRefs'],
      ],
      [
        'a Service of another namespace without a ReferenceGrant',
        http + route(`{ ${parents}, rules: [{ backendRefs: [{ name: a, namespace: bank, port: 80 }] }] }`),
        ['Gateway shop/public ', 'HTTPRoute shop/till spec.rules[0].backendRefs[0].namespace'],
      ],
      [
        'a certificate that the gateway workload cannot read',
        gateway('[{ name: tls, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] } }]') +
          route(`{ ${parents}, rules: [{ ${backend('a')} }] }`),
        ['Gateway shop/public spec.listeners[0].tls.certificateRefs', 'HTTPRoute shop/till '],
      ],
      [
        'a Gateway that is not among the objects',
        route(`{ ${parents}, rules: [{ ${backend('a')} }] }`),
        ['HTTPRoute shop/till spec.parentRefs[0]'],
      ],
    ];
    for (const [name, documents, fields] of kept) {
      it(`is not converted with ${name}`, () => {
        const all = convert(documents, { routes: 'convert' });
        assert.deepEqual(all.objects, parsed(documents));
        assert.deepEqual(all.notCarried.map(({ object, path }) => `${object} ${path}`).sort(), fields);
      });
    }
  });

  describe('Ingress', () => {
    const ingress = (spec: string, annotations = '{}', namespace = 'istio-system'): string => `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: edge, namespace: ${namespace}, annotations: ${annotations} }
spec: ${spec}
`;
    const path = (pathType: string, value: string, service: string, port = '{ number: 80 }'): string =>
      `{ pathType: ${pathType}, path: ${value}, backend: { service: { name: ${service}, port: ${port} } } }`;
    const to = (host: string, number = 80) => [{ destination: { host, port: { number } } }];

    it('becomes a Gateway and a VirtualService for each host', () => {
      const all = convert(
        ingress(
          `{ ingressClassName: nginx, tls: [{ hosts: [a.example.com], secretName: cert }], rules: [
            { host: a.example.com, http: { paths: [${path('Prefix', '/', 'web')}, ${path('Exact', '/now', 'now')}, ${path('ImplementationSpecific', '/pay', 'pay', '{ name: http }')}] } },
            { host: b.example.com, http: { paths: [${path('Prefix', '/b/', 'b')}] } }] }`,
        ) +
          '---\n{ apiVersion: v1, kind: Service, metadata: { name: pay, namespace: istio-system }, spec: { ports: [{ name: http, port: 8080 }] } }\n',
        { routes: 'convert' },
      );
      const istio = all.objects.filter(({ kind }) => kind !== 'Service');
      const made = specs({ ...all, objects: istio });
      assert.deepEqual(made, {
        'Gateway edge': {
          selector: { istio: 'ingressgateway' },
          servers: [
            { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['b.example.com'] },
            {
              port: { number: 80, name: 'http-redirect', protocol: 'HTTP' },
              hosts: ['a.example.com'],
              tls: { httpsRedirect: true },
            },
            {
              port: { number: 443, name: 'https-0', protocol: 'HTTPS' },
              hosts: ['a.example.com'],
              tls: { mode: 'SIMPLE', credentialName: 'cert' },
            },
          ],
        },
        'VirtualService edge-a-example-com': {
          hosts: ['a.example.com'],
          gateways: ['edge'],
          http: [
            { match: [{ uri: { exact: '/now' } }], route: to('now') },
            { match: [{ uri: { prefix: '/pay' } }], route: to('pay', 8080) },
            { route: to('web') },
          ],
        },
        'VirtualService edge-b-example-com': {
          hosts: ['b.example.com'],
          gateways: ['edge'],
          http: [{ match: [{ uri: { exact: '/b' } }, { uri: { prefix: '/b/' } }], route: to('b') }],
        },
      });
      assert.deepEqual(refused(istio), []);
    });

    it('sends all other requests to its default backend', () => {
      const all = convert(
        ingress(
          `{ defaultBackend: { service: { name: rest, port: { number: 80 } } }, rules: [{ host: a.example.com, http: { paths: [${path('Exact', '/now', 'now')}] } }] }`,
        ),
        { routes: 'convert' },
      );
      const http = Object.entries(specs(all)).map(([title, spec]) => [title, (spec as { http?: unknown }).http]);
      assert.deepEqual(http.slice(1), [
        [
          'VirtualService edge-a-example-com',
          [{ match: [{ uri: { exact: '/now' } }], route: to('now') }, { route: to('rest') }],
        ],
        ['VirtualService edge-any', [{ route: to('rest') }]],
      ]);
    });

    it('is not converted with unsupported fields, which are listed', () => {
      const text = ingress(
        `{ tls: [{ secretName: cert }], rules: [{ http: { paths: [${path('ImplementationSpecific', '/x', 'a', '{ name: web }')}, { pathType: Prefix, path: /y, backend: { resource: { kind: Bucket, name: b } } }] } }] }`,
        '{ nginx.ingress.kubernetes.io/rewrite-target: /$1, cert-manager.io/issuer: self }',
        'shop',
      );
      const all = convert(text, { routes: 'convert' });
      assert.deepEqual(all.objects, parsed(text));
      assert.deepEqual(all.notCarried.map(({ path: field }) => field).sort(), [
        'metadata.annotations["nginx.ingress.kubernetes.io/rewrite-target"]',
        'spec.rules[0].http.paths[0].backend.service.port',
        'spec.rules[0].http.paths[0].pathType',
        'spec.rules[0].http.paths[1].backend.resource',
        'spec.tls',
      ]);
    });
  });
});
