import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { diffStatus, trafficDiff } from '../../../mesh/traffic';
import { explanation } from '../../../mesh/traffic/explanation';
import { requestOf } from '../../../mesh/traffic/request';
import { sentRequest } from '../../../mesh/traffic/senders';
import { trafficModel } from '../../../mesh/traffic/traffic-model';

function object(
  apiVersion: string,
  kind: string,
  id: string,
  spec: Record<string, unknown>,
  labels: Record<string, string> = {},
): KubernetesObject {
  const [name = '', namespace] = id.split('/').toReversed();
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels }, spec };
}

const namespace = (name: string, labels: Record<string, string> = { 'istio-injection': 'enabled' }) =>
  object('v1', 'Namespace', name, {}, labels);
const service = (labels: Record<string, string> = {}) =>
  object('v1', 'Service', 'shop/web', { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] }, labels);
const pods = (id: string, labels: Record<string, string>, annotations: Record<string, string> = {}) =>
  object('apps/v1', 'Deployment', id, { template: { metadata: { labels, annotations } } });
const gatewayApi = 'gateway.networking.k8s.io/v1';
const route = (parent: object, hostnames?: string[]) =>
  object(gatewayApi, 'HTTPRoute', 'shop/r', { parentRefs: [parent], ...(hostnames && { hostnames }) });
const networkPolicy = (id: string, spec: Record<string, unknown>) =>
  object('networking.k8s.io/v1', 'NetworkPolicy', id, { podSelector: {}, ...spec });

const mesh = [
  namespace('shop'),
  namespace('other'),
  service(),
  pods('shop/web', { app: 'web' }),
  pods('other/client', { app: 'client' }),
  object('v1', 'Service', 'other/client', { selector: { app: 'client' }, ports: [{ name: 'http', port: 80 }] }),
  pods('edge/igw', { istio: 'edge' }, { 'inject.istio.io/templates': 'gateway' }),
  object('v1', 'Service', 'edge/igw', { selector: { istio: 'edge' }, ports: [{ name: 'http', port: 80 }] }),
  object('networking.istio.io/v1', 'Gateway', 'edge/front', {
    selector: { istio: 'edge' },
    servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['www.example.com'] }],
  }),
  object('networking.istio.io/v1', 'VirtualService', 'shop/front', {
    hosts: ['www.example.com'],
    gateways: ['edge/front'],
    http: [{ route: [{ destination: { host: 'web' } }] }],
  }),
];

function titleOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}

/** The mesh with other objects, instead of those of the same name. */
function withObjects(...objects: KubernetesObject[]): KubernetesObject[] {
  const titles = objects.map(titleOf);
  return [...mesh.filter((one) => !titles.includes(titleOf(one))), ...objects];
}

function unknown(objects: KubernetesObject[], target: string, from?: string): string[] {
  const request = requestOf(target);
  assert.ok(typeof request !== 'string');
  const traffic = trafficModel(objects, {}, request);
  const sent = sentRequest(traffic, from, request);
  assert.ok(typeof sent !== 'string');
  return explanation(traffic, sent.client, sent.request).unknown;
}

const inMesh = ['web.shop/', 'workload other/client'] as const;
const plain = ['web.shop/', 'plain other'] as const;
const atGateway = ['www.example.com/', 'gateway edge/igw'] as const;
const outside = ['new.example.com/', undefined] as const;

describe('objects that are not modelled are named by every answer that they can change', () => {
  it('none in a mesh without them', () => {
    for (const [target, from] of [inMesh, plain, atGateway, outside]) assert.deepEqual(unknown(mesh, target, from), []);
  });

  const cases: [string, KubernetesObject[], [readonly [string, string | undefined], string[]][]][] = [
    [
      'a route whose Gateway is not in the input',
      [route({ name: 'g', namespace: 'infra' }, ['new.example.com'])],
      [
        [outside, ['Gateway infra/g of the Gateway API is not modelled', 'HTTPRoute shop/r is not modelled']],
        [atGateway, []],
      ],
    ],
    [
      'a route whose ListenerSet is not in the input',
      [route({ kind: 'ListenerSet', name: 'l' })],
      [[outside, ['ListenerSet shop/l of the Gateway API is not modelled', 'HTTPRoute shop/r is not modelled']]],
    ],
    [
      'a Gateway of the Gateway API on the pods of an Istio Gateway',
      [
        object(gatewayApi, 'Gateway', 'edge/g', {
          addresses: [{ type: 'Hostname', value: 'igw.edge.svc.cluster.local' }],
          listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }],
        }),
        route({ name: 'g', namespace: 'edge' }, ['*.example.com']),
      ],
      [
        [atGateway, ['Gateway edge/g of the Gateway API is not modelled', 'HTTPRoute shop/r is not modelled']],
        [inMesh, []],
      ],
    ],
    [
      'a waypoint that ingress gateways use',
      [
        service({
          'istio.io/use-waypoint': 'wp',
          'istio.io/use-waypoint-namespace': 'infra',
          'istio.io/ingress-use-waypoint': 'true',
        }),
      ],
      [
        [inMesh, ['waypoint infra/wp is not modelled']],
        [atGateway, ['waypoint infra/wp is not modelled']],
        [plain, []],
      ],
    ],
    [
      'a waypoint that only clients in the mesh use',
      [service({ 'istio.io/use-waypoint': 'wp' })],
      [
        [inMesh, ['waypoint shop/wp is not modelled']],
        [atGateway, []],
      ],
    ],
    [
      'the TLS of a Service',
      [
        object(gatewayApi, 'BackendTLSPolicy', 'shop/tls', {
          targetRefs: [{ group: '', kind: 'Service', name: 'web' }],
        }),
      ],
      [
        [inMesh, ['BackendTLSPolicy shop/tls is not modelled']],
        [atGateway, ['BackendTLSPolicy shop/tls is not modelled']],
        [plain, []],
      ],
    ],
    [
      'an extension of proxies',
      [
        object('extensions.istio.io/v1alpha1', 'TrafficExtension', 'shop/lua', {
          selector: { matchLabels: { app: 'web' } },
        }),
      ],
      [
        [inMesh, ['TrafficExtension shop/lua is not modelled']],
        [plain, ['TrafficExtension shop/lua is not modelled']],
      ],
    ],
    [
      'ambient mode of a namespace of clients',
      [namespace('other', { 'istio.io/dataplane-mode': 'ambient' })],
      [
        [inMesh, ['Deployment other/client is in ambient mode, which is not modelled']],
        [['web.shop/', 'other'], ['ambient mode of other is not modelled']],
        [['web.shop/', 'other app=client'], ['ambient mode of other is not modelled']],
        [atGateway, []],
      ],
    ],
    [
      'a NetworkPolicy for the pods of a destination',
      [networkPolicy('shop/deny', {})],
      [
        [inMesh, ['whether NetworkPolicy shop/deny lets the connection through']],
        [plain, ['whether NetworkPolicy shop/deny lets the connection through']],
        [atGateway, ['whether NetworkPolicy shop/deny lets the connection through']],
      ],
    ],
    [
      'a NetworkPolicy for the pods of a client',
      [networkPolicy('other/out', { podSelector: { matchLabels: { app: 'client' } }, policyTypes: ['Egress'] })],
      [
        [inMesh, ['whether NetworkPolicy other/out lets the connection through']],
        [plain, []],
      ],
    ],
    [
      'NetworkPolicies that together let a namespace in',
      [
        networkPolicy('shop/deny', {}),
        networkPolicy('shop/allow', {
          ingress: [
            {
              from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } }],
              ports: [{ port: 80 }],
            },
          ],
        }),
      ],
      [
        [inMesh, []],
        [
          atGateway,
          [
            'whether NetworkPolicy shop/allow lets the connection through; whether NetworkPolicy shop/deny lets the connection through',
          ],
        ],
      ],
    ],
    [
      'a NetworkPolicy for another port',
      [networkPolicy('shop/metrics', { ingress: [{ ports: [{ port: 9090 }] }] })],
      [[inMesh, ['whether NetworkPolicy shop/metrics lets the connection through']]],
    ],
    ['a NetworkPolicy that lets all in', [networkPolicy('shop/open', { ingress: [{}] })], [[inMesh, []]]],
    [
      'a NetworkPolicy for other pods',
      [networkPolicy('shop/db', { podSelector: { matchLabels: { app: 'db' } } })],
      [[inMesh, []]],
    ],
  ];
  for (const [title, objects, expected] of cases) {
    it(title, () => {
      const asked = expected.map(([[target, from]]) => unknown(withObjects(...objects), target, from));
      assert.deepEqual(
        asked,
        expected.map(([, names]) => names),
      );
    });
  }

  it('a namespace whose pods get another proxy', () => {
    const touches = (labels: Record<string, string>): unknown => {
      const diff = trafficDiff(mesh, withObjects(namespace('other', labels)));
      return [diffStatus(diff), diff.notFollowed.map((one) => one.touches)];
    };
    assert.deepEqual(
      [touches({ 'istio.io/dataplane-mode': 'ambient' }), touches({}), touches({ 'istio.io/rev': 'stable' })],
      [
        ['unknown', ['its pods move to ambient mode, which is not modelled']],
        ['unknown', ['its pods lose their proxy, so that no rule applies to the requests that they send']],
        ['same', []],
      ],
    );
  });
});

describe('a change that no class of requests shows is named', () => {
  const namesSenders = object('security.istio.io/v1', 'AuthorizationPolicy', 'shop/a', {
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/other/sa/default'] } }] }],
  });
  const bySender = object('networking.istio.io/v1', 'VirtualService', 'shop/web', {
    hosts: ['web'],
    http: [{ match: [{ sourceLabels: { tier: 'gold' } }], timeout: '9s', route: [{ destination: { host: 'web' } }] }],
  });
  const account = (serviceAccountName: string) =>
    object('apps/v1', 'Deployment', 'other/client', {
      template: { metadata: { labels: { app: 'client' } }, spec: { serviceAccountName } },
    });
  const alias = (externalName: string) =>
    object('v1', 'Service', 'shop/db', { type: 'ExternalName', externalName, ports: [{ name: 'http', port: 80 }] });
  const terminating = (tls: object) =>
    object('networking.istio.io/v1', 'Gateway', 'edge/front', {
      selector: { istio: 'edge' },
      servers: [{ port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: ['www.example.com'], tls }],
    });

  const cases: [string, KubernetesObject[], KubernetesObject[], string[]][] = [
    [
      'the ServiceAccount of a sender that policies name',
      [namesSenders],
      [namesSenders, account('client')],
      [
        'Deployment client: its ServiceAccount becomes client, and AuthorizationPolicies name ServiceAccounts of senders',
      ],
    ],
    ['the ServiceAccount of a sender that no policy names', [], [account('client')], []],
    [
      'a label by which rules tell senders apart',
      [bySender],
      [bySender, pods('other/client', { app: 'client', tier: 'gold' })],
      ['Deployment client: its label tier changes, by which VirtualServices tell senders apart'],
    ],
    ['any other label of a sender', [bySender], [bySender, pods('other/client', { app: 'client', team: 'a' })], []],
    [
      'the host that an ExternalName Service stands for',
      [alias('a.example.org')],
      [alias('b.example.org')],
      ['Service db: its name leads to b.example.org in place of a.example.org'],
    ],
    [
      'the TLS of a server of a Gateway',
      [terminating({ mode: 'SIMPLE', credentialName: 'www' })],
      [terminating({ mode: 'MUTUAL', credentialName: 'www' })],
      ['Gateway front: TLS of clients: spec.servers[0].tls.mode "SIMPLE" -> "MUTUAL"'],
    ],
  ];
  for (const [title, before, after, named] of cases) {
    it(title, () => {
      const diff = trafficDiff(withObjects(...before), withObjects(...after));
      assert.deepEqual(
        [diffStatus(diff), diff.notFollowed.map(({ kind, name, touches }) => `${kind} ${name}: ${touches}`)],
        [named.length > 0 ? 'unknown' : 'same', named],
      );
    });
  }

  it('requests without a token are a class of their own', () => {
    const authentication = object('security.istio.io/v1', 'RequestAuthentication', 'shop/jwt', {
      jwtRules: [{ issuer: 'me', jwksUri: 'https://me.example/jwks' }],
    });
    const required = object('security.istio.io/v1', 'AuthorizationPolicy', 'shop/jwt', {
      rules: [{ from: [{ source: { requestPrincipals: ['*'] } }] }],
    });
    const { moves } = trafficDiff(withObjects(authentication, required), withObjects(authentication));
    assert.deepEqual(
      moves.map(({ from, host, who, moved }) => ({ from, host, who, moved })),
      [
        { from: ['gateway edge/igw'], host: 'www.example.com', who: 'all other requests', moved: '1' },
        ...['workloads', 'clients without a sidecar'].map((from) => ({
          from: [from],
          host: 'web.shop.svc.cluster.local',
          who: 'all other requests',
          moved: '1',
        })),
      ],
    );
  });
});
