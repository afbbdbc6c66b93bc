import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { CheckOptions, Rule } from '../../../policy/rule';
import { attachesToNothing } from '../../../policy/rules/attaches-to-nothing';
import { authzHttpOnTcp } from '../../../policy/rules/authz-http-on-tcp';
import { defaultRoute } from '../../../policy/rules/default-route';
import { delegateRef } from '../../../policy/rules/delegate-ref';
import { gatewayApiBackend } from '../../../policy/rules/gateway-api-backend';
import { hostExists } from '../../../policy/rules/host-exists';
import { literalWildcard } from '../../../policy/rules/literal-wildcard';
import { revisionInstalled } from '../../../policy/rules/revision-installed';
import { requestsFail } from '../../../policy/rules/requests-fail';
import { rewriteSlash } from '../../../policy/rules/rewrite-slash';
import { routeProtocol } from '../../../policy/rules/route-protocol';
import { tlsOrigination } from '../../../policy/rules/tls-origination';
import {
  authorizationPolicy,
  deployment,
  destinationRule,
  gateway,
  judged,
  object,
  peerAuthentication,
  service,
  serviceEntry,
  sidecar,
  subsets,
  to,
  virtualService,
} from '../mesh-objects';

type Case = [title: string, rule: Rule, objects: KubernetesObject[], found: string[], options?: CheckOptions];

const pods = deployment('cart', 'v1');
const complete = { complete: true };
const root = (delegate: object): KubernetesObject =>
  virtualService('root', {
    hosts: ['a.example'],
    gateways: ['gw'],
    http: [{ match: [{ uri: { prefix: '/a' } }], delegate }],
  });
const leaf = (spec: object): KubernetesObject => virtualService('leaf', { http: [{ route: [to('cart')] }], ...spec });
const matching = (match: object, more: object = {}): KubernetesObject =>
  virtualService('cart', { hosts: ['cart'], http: [{ match: [match], ...more, route: [to('cart')] }] });
const port = (name: string, number: number): KubernetesObject =>
  object('v1', 'Service', 'cart', { selector: { app: 'cart' }, ports: [{ name, port: number }] });
const httpOnly = authorizationPolicy('cart', {
  selector: { matchLabels: { app: 'cart' } },
  action: 'DENY',
  rules: [{ to: [{ operation: { paths: ['/x'] } }] }],
});
const toCart = virtualService('cart', { hosts: ['cart'], http: [{ route: [to('cart')] }] });
const external = (number: number, protocol: string): KubernetesObject =>
  serviceEntry('api', { hosts: ['api.example.com'], resolution: 'DNS', ports: [{ number, name: 'one', protocol }] });
const simple = destinationRule('api', {
  host: 'api.example.com',
  trafficPolicy: { tls: { mode: 'SIMPLE', caCertificates: 'system' } },
});

const httpRoute = (rule: object): KubernetesObject =>
  object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'cart', { parentRefs: [{ name: 'gw' }], rules: [rule] });

const cases: Case[] = [
  [
    'a Sidecar is advisory while other stacks may bring the pods',
    attachesToNothing,
    [pods, sidecar('a', { workloadSelector: { labels: { app: 'b' } } })],
    ['advisory Sidecar a spec.workloadSelector.labels'],
  ],
  [
    'and mandatory in a complete input',
    attachesToNothing,
    [pods, sidecar('a', { workloadSelector: { labels: { app: 'b' } } })],
    ['mandatory Sidecar a spec.workloadSelector.labels'],
    complete,
  ],
  [
    'a declared workload may have any labels',
    attachesToNothing,
    [pods, sidecar('a', { workloadSelector: { labels: { app: 'b' } } })],
    [],
    { externals: { workloads: ['bookinfo/b'] } },
  ],
  [
    'a targetRef to a missing Gateway',
    attachesToNothing,
    [
      pods,
      authorizationPolicy('a', {
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }],
      }),
    ],
    ['mandatory AuthorizationPolicy a spec.targetRefs[0].name'],
    complete,
  ],
  [
    'a targetRef to a missing ServiceEntry, beside one that exists',
    attachesToNothing,
    [
      external(80, 'HTTP'),
      authorizationPolicy('a', { targetRefs: [{ group: 'networking.istio.io', kind: 'ServiceEntry', name: 'apis' }] }),
    ],
    ['advisory AuthorizationPolicy a spec.targetRefs[0].name'],
  ],
  [
    'a policy for the whole of a namespace without pods',
    attachesToNothing,
    [pods, peerAuthentication('a', { mtls: { mode: 'STRICT' } }, { namespace: 'void' })],
    ['advisory PeerAuthentication a metadata.namespace'],
    complete,
  ],
  [
    'pods that ask for a sidecar and for ambient',
    revisionInstalled,
    [
      deployment('cart', 'v1', {
        template: { metadata: { labels: { 'sidecar.istio.io/inject': 'true', 'istio.io/dataplane-mode': 'ambient' } } },
      }),
      deployment('web', 'v1', {
        template: {
          metadata: {
            labels: {
              'sidecar.istio.io/inject': 'false',
              'istio.io/rev': 'stable',
              'istio.io/dataplane-mode': 'ambient',
            },
          },
        },
      }),
    ],
    [`${revisionInstalled.level} Deployment cart-v1 spec.template.metadata.labels["istio.io/dataplane-mode"]`],
  ],
  [
    'stars within hosts, principals and namespaces',
    literalWildcard,
    [
      authorizationPolicy('a', {
        rules: [
          {
            from: [{ source: { notPrincipals: ['cluster.local/*/sa/web'], namespaces: ['team-*'] } }],
            to: [{ operation: { hosts: ['api.*.example.com', '*.example.com'] } }],
          },
        ],
      }),
    ],
    [
      'advisory AuthorizationPolicy a spec.rules[0].from[0].source.notPrincipals[0]',
      'advisory AuthorizationPolicy a spec.rules[0].to[0].operation.hosts[0]',
    ],
  ],
  [
    'a mirror to a Service that does not exist',
    gatewayApiBackend,
    [
      service('cart'),
      httpRoute({
        filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'carts', port: 9080 } } }],
        backendRefs: [{ name: 'cart', port: 9080 }],
      }),
    ],
    ['mandatory HTTPRoute cart spec.rules[0].filters[0].requestMirror.backendRef.name'],
  ],
  [
    'a backend of another namespace without a ReferenceGrant',
    gatewayApiBackend,
    [
      service('api', [80], { namespace: 'other' }),
      httpRoute({ backendRefs: [{ name: 'api', namespace: 'other', port: 80 }] }),
    ],
    ['advisory HTTPRoute cart spec.rules[0].backendRefs[0].namespace'],
  ],
  [
    'a backend of another namespace with one',
    gatewayApiBackend,
    [
      service('api', [80], { namespace: 'other' }),
      object(
        'gateway.networking.k8s.io/v1beta1',
        'ReferenceGrant',
        'cart',
        {
          from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'bookinfo' }],
          to: [{ group: '', kind: 'Service' }],
        },
        { namespace: 'other' },
      ),
      httpRoute({ backendRefs: [{ name: 'api', namespace: 'other', port: 80 }] }),
    ],
    [],
    complete,
  ],
  [
    'a Service that is exported to the only clients of its route',
    hostExists,
    [
      service('cart', [80], { annotations: { 'networking.istio.io/exportTo': 'front' } }),
      virtualService('cart', { hosts: ['cart'], exportTo: ['front'], http: [{ route: [to('cart')] }] }),
    ],
    [],
  ],
  [
    'a Service that is hidden from clients whose namespace is not in the input',
    hostExists,
    [
      service('cart', [80]),
      service('stock', [80], { annotations: { 'networking.istio.io/exportTo': '.' } }),
      virtualService('cart', { hosts: ['cart'], exportTo: ['front'], http: [{ route: [to('stock')] }] }),
    ],
    ['mandatory VirtualService cart spec.http[0].route[0].destination.host'],
  ],
  ...['.*', '/.*', '^/.*$', '.+'].map((regex): Case => [
    `a regex for every path: ${regex}`,
    defaultRoute,
    [service('cart'), matching({ uri: { regex } })],
    [],
  ]),
  [
    'a regex for some paths',
    defaultRoute,
    [service('cart'), matching({ uri: { regex: '/a.*' } })],
    ['advisory VirtualService cart spec.http'],
  ],
  ['a missing delegate is unknown in a partial input', delegateRef, [root({ name: 'leaf' })], []],
  [
    'a missing delegate',
    delegateRef,
    [root({ name: 'leaf' })],
    ['mandatory VirtualService root spec.http[0].delegate'],
    complete,
  ],
  [
    'a delegate with hosts',
    delegateRef,
    [root({ name: 'leaf' }), leaf({ hosts: ['a'] })],
    ['mandatory VirtualService root spec.http[0].delegate'],
  ],
  [
    'a hidden delegate',
    delegateRef,
    [
      root({ name: 'leaf', namespace: 'other' }),
      { ...leaf({ exportTo: ['.'] }), metadata: { name: 'leaf', namespace: 'other' } },
    ],
    ['mandatory VirtualService root spec.http[0].delegate'],
  ],
  ['a delegate without a match', delegateRef, [root({ name: 'leaf' }), leaf({})], []],
  [
    'a star in an exact header',
    literalWildcard,
    [matching({ headers: { a: { exact: 'b*' } } })],
    ['advisory VirtualService cart spec.http[0].match[0].headers["a"].exact'],
  ],
  ['a star in a regex', literalWildcard, [matching({ uri: { regex: '/a/.*' } })], []],
  [
    'stars at both ends of a path of a policy',
    literalWildcard,
    [authorizationPolicy('a', { rules: [{ to: [{ operation: { paths: ['*/a*', '/a*', '/{**}'] } }] }] })],
    ['advisory AuthorizationPolicy a spec.rules[0].to[0].operation.paths[0]'],
  ],
  [
    'a lost slash',
    rewriteSlash,
    [matching({ uri: { prefix: '/a/' } }, { rewrite: { uri: '/b' } })],
    ['advisory VirtualService cart spec.http[0].rewrite.uri'],
  ],
  ['a rewrite of an exact path', rewriteSlash, [matching({ uri: { exact: '/a' } }, { rewrite: { uri: '/' } })], []],
  [
    'a DENY of paths at a TCP port',
    authzHttpOnTcp,
    [port('tcp', 5432), pods, httpOnly],
    ['mandatory AuthorizationPolicy cart spec.rules'],
  ],
  ['a port without a protocol, which is detected', authzHttpOnTcp, [port('web', 5432), pods, httpOnly], []],
  [
    'http rules for a TCP Service of the mesh',
    routeProtocol,
    [port('tcp', 5432), toCart],
    ['advisory VirtualService cart spec.http'],
  ],
  ['http rules for a Service with an HTTP port', routeProtocol, [service('cart'), toCart], []],
  [
    'tls rules at a server that terminates TLS',
    routeProtocol,
    [
      gateway('gw', {
        selector: { a: 'b' },
        servers: [
          {
            port: { number: 443, name: 'https', protocol: 'HTTPS' },
            hosts: ['*'],
            tls: { mode: 'SIMPLE', credentialName: 'a' },
          },
        ],
      }),
      virtualService('a', {
        hosts: ['a.example'],
        gateways: ['gw'],
        tls: [{ match: [{ sniHosts: ['a.example'] }], route: [to('cart')] }],
      }),
    ],
    ['mandatory VirtualService a spec.tls'],
  ],
  ['HTTP that the proxy wraps in TLS', tlsOrigination, [external(443, 'HTTP'), simple], []],
  [
    'TLS in TLS',
    tlsOrigination,
    [external(443, 'HTTPS'), simple],
    ['advisory DestinationRule api spec.trafficPolicy.tls.mode'],
  ],
  [
    'an http rule to a TLS port that the proxy opens',
    tlsOrigination,
    [
      external(443, 'HTTPS'),
      simple,
      virtualService('api', {
        hosts: ['api.example.com'],
        http: [{ route: [to('api.example.com', undefined, undefined, 443)] }],
      }),
    ],
    [],
  ],
  [
    'an http rule that sends plain HTTP to a TLS port',
    tlsOrigination,
    [port('https', 443), toCart],
    ['advisory VirtualService cart spec.http[0].route[0].destination'],
  ],
  [
    'a port that the backend has not',
    gatewayApiBackend,
    [
      service('cart'),
      object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'a', {
        rules: [{ backendRefs: [{ name: 'cart', port: 81 }] }],
      }),
    ],
    ['mandatory HTTPRoute a spec.rules[0].backendRefs[0].port'],
  ],
  [
    'requests of a gateway to a subset that its namespace does not see',
    requestsFail,
    [
      service('cart'),
      pods,
      gateway(
        'gw',
        {
          selector: { istio: 'edge' },
          servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['a.example'] }],
        },
        { namespace: 'edge' },
      ),
      deployment('edge', 'v1', { template: { metadata: { labels: { istio: 'edge' } } } }, { namespace: 'edge' }),
      destinationRule('cart', { host: 'cart', exportTo: ['.'], subsets: subsets('v1') }),
      virtualService('a', { hosts: ['a.example'], gateways: ['edge/gw'], http: [{ route: [to('cart', 'v1')] }] }),
    ],
    ['mandatory VirtualService a spec.http[0]'],
    complete,
  ],
  [
    'requests to a Service that the input does not describe',
    requestsFail,
    [virtualService('a', { hosts: ['a'], http: [{ route: [to('b.other.svc.cluster.local')] }] })],
    [],
  ],
];

describe('rules about objects together', () => {
  for (const [title, rule, given, found, options] of cases) {
    it(`${rule.id}: ${title}`, () => {
      assert.deepEqual(
        judged(rule, given, options).map(({ level, kind, name, path }) => `${level} ${kind} ${name} ${path}`),
        found,
      );
    });
  }
});
