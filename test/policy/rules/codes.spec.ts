import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { CheckOptions } from '../../../policy/rule';
import { rules } from '../../../policy/rules';
import { objects } from '../judge';
import {
  authorizationPolicy,
  deployment,
  destinationRule,
  gateway,
  judged,
  namespace,
  object,
  peerAuthentication,
  requestAuthentication,
  service,
  serviceEntry,
  sidecar,
  subsets,
  telemetry,
  to,
  virtualService,
} from '../mesh-objects';

type Proof = [objects: KubernetesObject[], options?: CheckOptions];

const injected = namespace('bookinfo', { 'istio-injection': 'enabled' });
const ambient = namespace('bookinfo', { 'istio.io/dataplane-mode': 'ambient' });
const enrolled = namespace('bookinfo', { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' });
const reviews = [service('reviews'), deployment('reviews', 'v1')];
const route = (...destinations: object[]): KubernetesObject =>
  virtualService('reviews', { hosts: ['reviews'], http: [{ route: destinations }] });
const versions = destinationRule('reviews', { host: 'reviews', subsets: subsets('v1', 'v2') });
const server = (hosts: string[], port = 80): object => ({
  port: { number: port, name: 'http', protocol: 'HTTP' },
  hosts,
});
const public80 = gateway('public', { selector: { istio: 'ingress' }, servers: [server(['www.example.com'])] });
const atGateway = (gateways: string[], hosts = ['www.example.com']): KubernetesObject =>
  virtualService('web', { hosts, gateways, http: [{ route: [to('reviews')] }] });
const ingressPods = {
  gatewayWorkloads: [{ namespace: 'istio-ingress', labels: { istio: 'ingress' }, ports: [{ port: 80 }] }],
};
const plugin = (name: string, spec: Record<string, unknown>): KubernetesObject =>
  object('extensions.istio.io/v1alpha1', 'WasmPlugin', name, { url: 'oci://ghcr.io/a/b:1', ...spec });
const matched = (...matches: object[]): object[] =>
  matches.map((match) => ({ match: [match], route: [to('reviews')] }));
const onService = [{ group: '', kind: 'Service', name: 'reviews' }];
const strict = (name: string, spec: Record<string, unknown> = {}, place = 'bookinfo'): KubernetesObject =>
  peerAuthentication(name, { mtls: { mode: 'STRICT' }, ...spec }, { namespace: place });
const off = peerAuthentication('default', { mtls: { mode: 'DISABLE' } });
const tls = (mode: string, host = 'reviews', place = 'bookinfo'): KubernetesObject =>
  destinationRule('reviews', { host, trafficPolicy: { tls: { mode } } }, { namespace: place });
const manual = { mesh: { meshConfig: { enableAutoMtls: false } } };
const ports = (...list: object[]): KubernetesObject =>
  object('v1', 'Service', 'reviews', { selector: { app: 'reviews' }, ports: list });
const principals = (source: object): KubernetesObject =>
  authorizationPolicy('one', { rules: [{ from: [{ source }] }] });
const operation = (fields: object): KubernetesObject =>
  authorizationPolicy('one', { rules: [{ to: [{ operation: fields }] }] });
const api = (name: string, protocol: string): KubernetesObject =>
  serviceEntry(name, { hosts: ['api.example.com'], resolution: 'DNS', ports: [{ number: 80, name: 'a', protocol }] });
const secret = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'istio-ingress' },
  data: { 'tls.crt': btoa('no certificate'), 'tls.key': btoa('no key') },
});
const secured = (name: string, host: string, credentialName: string): KubernetesObject =>
  gateway(name, {
    selector: { istio: 'ingress' },
    servers: [
      { port: { number: 443, name, protocol: 'HTTPS' }, hosts: [host], tls: { mode: 'SIMPLE', credentialName } },
    ],
  });

/** For each rule and code an input that the rule must report. A rule may claim no other code. */
const proofs: Record<string, Record<string, Proof>> = {
  'weight-sum-100': { IST0106: [[route(to('reviews', 'v1', 0), to('reviews', 'v2', 0))]] },
  'weight-range': { IST0106: [[route(to('reviews', 'v1', -10), to('reviews', 'v2', 110))]] },
  'weight-explicit': { IST0106: [[route(to('reviews', 'v1'), to('reviews', 'v2'))]] },
  'weight-single': { KIA1104: [[route(to('reviews', 'v1', 50))]] },
  'subset-exists': {
    IST0101: [[versions, route(to('reviews', 'v3'))]],
    KIA1107: [[versions, route(to('reviews', 'v3'))]],
  },
  'host-exists': {
    IST0101: [[...reviews, route(to('ratings'))]],
    IST0112: [[...reviews, route(to('reviews', undefined, undefined, 81))]],
    KIA0202: [[...reviews, destinationRule('ratings', { host: 'ratings', subsets: subsets('v1') })]],
    KIA1101: [[...reviews, route(to('ratings'))]],
  },
  'weight-to-empty-version': {
    IST0173: [[...reviews, versions, route(to('reviews', 'v1', 90), to('reviews', 'v2', 10))]],
    KIA0203: [[...reviews, versions, route(to('reviews', 'v2'))]],
  },
  'subset-labels': {
    IST0173: [[...reviews, versions]],
    KIA0203: [[...reviews, versions]],
    KIA0209: [[...reviews, destinationRule('reviews', { host: 'reviews', subsets: [{ name: 'all' }] })]],
  },
  'object-schema': { IST0106: [[virtualService('reviews', { hosts: ['reviews'], htpp: [] })]] },
  'gateway-ref': {
    IST0101: [[...reviews, atGateway(['missing'])]],
    IST0132: [[public80, atGateway(['public'], ['other.example.com'])]],
    IST0165: [[atGateway(['public-istio-autogenerated-k8s-gateway'])]],
    KIA1102: [[...reviews, atGateway(['missing'])]],
  },
  'vs-host-conflict': {
    IST0109: [
      [route(to('reviews')), virtualService('second', { hosts: ['reviews'], http: [{ route: [to('reviews')] }] })],
    ],
    KIA1106: [
      [public80, atGateway(['public']), { ...atGateway(['public']), metadata: { name: 'b', namespace: 'bookinfo' } }],
    ],
  },
  'dr-conflict': { KIA0201: [[versions, destinationRule('second', { host: 'reviews', subsets: subsets('v1') })]] },
  'unreachable-route': {
    IST0130: [
      [virtualService('a', { hosts: ['a'], http: [{ route: [to('a')] }, ...matched({ uri: { prefix: '/b' } })] })],
    ],
    IST0131: [
      [
        virtualService('a', {
          hosts: ['a'],
          http: [
            ...matched({ uri: { prefix: '/a' } }),
            { match: [{ uri: { prefix: '/a/b' } }, { uri: { prefix: '/c' } }], route: [to('a')] },
          ],
        }),
      ],
    ],
  },
  'mtls-coherence': {
    KIA0204: [
      [
        ...reviews,
        destinationRule('mesh', { host: '*.local', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } }),
        destinationRule('reviews', { host: 'reviews', subsets: subsets('v1') }),
      ],
      manual,
    ],
    KIA0206: [[strict('default', {}), tls('DISABLE', '*.bookinfo.svc.cluster.local')]],
    KIA0208: [[strict('default', {}, 'istio-system'), tls('DISABLE', '*.local', 'istio-system')]],
    KIA0401: [[injected, ...reviews, strict('default', {}, 'istio-system')], manual],
    KIA0501: [[injected, ...reviews, strict('default')], manual],
    KIA0505: [[off, tls('ISTIO_MUTUAL', '*.bookinfo.svc.cluster.local')]],
    KIA0506: [
      [
        peerAuthentication('default', { mtls: { mode: 'DISABLE' } }, { namespace: 'istio-system' }),
        tls('ISTIO_MUTUAL', '*.local', 'istio-system'),
      ],
    ],
  },
  'peerauth-unique': {
    KIA0002: [[strict('a'), strict('b')]],
    KIA0003: [
      [
        deployment('reviews', 'v1'),
        strict('a', { selector: { matchLabels: { app: 'reviews' } } }),
        strict('b', { selector: { matchLabels: { version: 'v1' } } }),
      ],
    ],
  },
  'sidecar-unique': {
    IST0110: [
      [
        deployment('reviews', 'v1'),
        sidecar('a', { workloadSelector: { labels: { app: 'reviews' } } }),
        sidecar('b', { workloadSelector: { labels: { version: 'v1' } } }),
      ],
    ],
    IST0111: [[sidecar('a', { egress: [{ hosts: ['./*'] }] }), sidecar('b', { egress: [{ hosts: ['./*'] }] })]],
    KIA0002: [[sidecar('a', { egress: [{ hosts: ['./*'] }] }), sidecar('b', { egress: [{ hosts: ['./*'] }] })]],
    KIA0003: [
      [
        deployment('reviews', 'v1'),
        sidecar('a', { workloadSelector: { labels: { app: 'reviews' } } }),
        sidecar('b', { workloadSelector: { labels: { version: 'v1' } } }),
      ],
    ],
  },
  'telemetry-unique': {
    IST0159: [
      [
        deployment('reviews', 'v1'),
        telemetry('a', { selector: { matchLabels: { app: 'reviews' } } }),
        telemetry('b', { selector: { matchLabels: { version: 'v1' } } }),
      ],
    ],
    IST0160: [[telemetry('a', {}), telemetry('b', {})]],
  },
  'gateway-conflict': {
    IST0145: [
      [public80, gateway('second', { selector: { istio: 'ingress' }, servers: [server(['www.example.com'])] })],
    ],
    KIA0301: [
      [public80, gateway('second', { selector: { istio: 'ingress' }, servers: [server(['www.example.com'])] })],
    ],
  },
  'gateway-workload-port': {
    IST0101: [[public80], { complete: true }],
    IST0162: [
      [gateway('public', { selector: { istio: 'ingress' }, servers: [server(['a.example'], 8443)] })],
      ingressPods,
    ],
    KIA0302: [[public80], { complete: true }],
  },
  'gateway-credential': {
    IST0101: [[secured('public', 'www.example.com', 'www')], { ...ingressPods, complete: true }],
    IST0138: [[secured('a', 'a.example.com', 'wildcard'), secured('b', 'b.example.com', 'wildcard')]],
    IST0161: [[secured('public', 'www.example.com', 'www'), secret('www')], ingressPods],
  },
  'authz-selector-targets': {
    IST0101: [[namespace('bookinfo'), principals({ namespaces: ['shop'] })]],
    IST0127: [
      [deployment('reviews', 'v1'), authorizationPolicy('one', { selector: { matchLabels: { app: 'ratings' } } })],
    ],
    KIA0004: [
      [deployment('reviews', 'v1'), authorizationPolicy('one', { selector: { matchLabels: { app: 'ratings' } } })],
    ],
    KIA0101: [[namespace('bookinfo'), principals({ namespaces: ['shop'] })]],
    KIA0102: [[operation({ methods: ['FETCH'] })]],
    KIA0104: [[...reviews, operation({ hosts: ['ratings'] })]],
    KIA0106: [[principals({ principals: ['cluster.local/ns/bookinfo/sa/nobody'] })], { complete: true }],
    KIA0108: [
      [principals({ principals: ['other.example/ns/a/sa/b'] })],
      { mesh: { meshConfig: { trustDomain: 'mesh.example' } } },
    ],
  },
  'authz-needs-mtls': { KIA0105: [[off, principals({ principals: ['cluster.local/ns/a/sa/b'] })]] },
  'jwt-route-needs-ra': {
    IST0149: [
      [
        public80,
        virtualService('web', {
          hosts: ['www.example.com'],
          gateways: ['public'],
          http: matched({ headers: { '@request.auth.claims.group': { exact: 'a' } } }),
        }),
      ],
    ],
  },
  'revision-installed': {
    IST0123: [[namespace('shop', { 'istio-injection': 'enabled', 'istio.io/rev': 'canary' })]],
    KIA1316: [[namespace('shop', { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': 'ambient' })]],
  },
  'exportto-namespaces': {
    KIA0005: [[namespace('bookinfo'), virtualService('a', { hosts: ['a'], exportTo: ['shop'], http: [] })]],
  },
  'ambient-waypoint': {
    IST0167: [[ambient, sidecar('a', { egress: [{ hosts: ['./*'] }] })]],
    KIA0109: [
      [
        ambient,
        ...reviews,
        authorizationPolicy('one', { targetRefs: onService, rules: [{ to: [{ operation: { methods: ['GET'] } }] }] }),
      ],
    ],
    KIA0110: [[enrolled, operation({ methods: ['GET'] })]],
    KIA0210: [
      [ambient, ...reviews, destinationRule('reviews', { host: 'reviews', trafficPolicy: { outlierDetection: {} } })],
    ],
    KIA0212: [
      [
        enrolled,
        ...reviews,
        destinationRule(
          'reviews',
          { host: 'reviews.bookinfo.svc.cluster.local', trafficPolicy: { outlierDetection: {} } },
          { namespace: 'other' },
        ),
      ],
    ],
    KIA1109: [[ambient, ...reviews, route(to('reviews'))]],
    KIA1110: [[ambient, ...reviews, requestAuthentication('one', { targetRefs: onService })]],
    KIA1111: [[ambient, ...reviews, plugin('one', { targetRefs: onService })]],
    KIA1112: [[ambient, ...reviews, telemetry('one', { targetRefs: onService, accessLogging: [{}] })]],
    KIA1114: [
      [
        enrolled,
        ...reviews,
        virtualService(
          'a',
          {
            hosts: ['reviews.bookinfo.svc.cluster.local'],
            http: [{ route: [to('reviews.bookinfo.svc.cluster.local')] }],
          },
          { namespace: 'other' },
        ),
      ],
    ],
    KIA1115: [[enrolled, requestAuthentication('one', {})]],
    KIA1116: [[enrolled, plugin('one', {})]],
    KIA1117: [[enrolled, telemetry('one', { accessLogging: [{}] })]],
    KIA1313: [
      [namespace('shop', { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'nowhere' })],
      { complete: true },
    ],
  },
  serviceentry: {
    IST0134: [
      [
        serviceEntry('db', {
          hosts: ['db.example.com'],
          resolution: 'DNS',
          ports: [{ number: 5432, name: 'tcp', protocol: 'TCP' }],
        }),
      ],
    ],
    KIA1211: [[api('a', 'HTTP'), api('b', 'HTTP')]],
    KIA1212: [[api('a', 'HTTP'), api('b', 'TCP')]],
  },
  'sidecar-scope': {
    KIA1004: [[...reviews, sidecar('a', { egress: [{ hosts: ['./ratings.bookinfo.svc.cluster.local'] }] })]],
    KIA1006: [[sidecar('a', { workloadSelector: { labels: { app: 'a' } } }, { namespace: 'istio-system' })]],
  },
  'repeated-destination': { KIA1105: [[route(to('reviews', 'v1', 50), to('reviews', 'v1', 50))]] },
  'blast-radius-outlier': {
    IST0133: [
      [
        destinationRule('a', {
          host: 'a',
          trafficPolicy: { loadBalancer: { localityLbSetting: { failover: [{ from: 'a', to: 'b' }] } } },
        }),
      ],
    ],
  },
  'tls-origination-ca': {
    IST0128: [[destinationRule('a', { host: 'a.example.com', trafficPolicy: { tls: { mode: 'SIMPLE' } } })]],
    IST0129: [
      [
        destinationRule('a', {
          host: 'a.example.com',
          trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'SIMPLE' } }] },
        }),
      ],
    ],
  },
  'service-ports': {
    IST0118: [[ports({ name: 'web', port: 80 })]],
    IST0137: [
      [
        injected,
        deployment('reviews', 'v1'),
        ports({ name: 'http', port: 80, targetPort: 8080 }),
        object('v1', 'Service', 'second', {
          selector: { app: 'reviews' },
          ports: [{ name: 'http', port: 81, targetPort: 8080 }],
        }),
      ],
    ],
    IST0144: [
      [
        injected,
        deployment('a', 'v1', {
          template: {
            metadata: { labels: { app: 'a' } },
            spec: { securityContext: { runAsUser: 1337 }, containers: [{ name: 'a' }] },
          },
        }),
      ],
    ],
    IST0150: [
      [
        object('v1', 'Service', 'a', {
          type: 'ExternalName',
          externalName: 'a.example.com',
          ports: [{ name: 'tcp', port: 443 }],
        }),
      ],
    ],
    IST0116: [
      [
        injected,
        deployment('reviews', 'v1'),
        ports({ name: 'http', port: 80 }),
        object('v1', 'Service', 'second', {
          selector: { app: 'reviews' },
          ports: [{ name: 'udp', port: 80, protocol: 'UDP' }],
        }),
      ],
    ],
    KIA0601: [[ports({ name: 'web', port: 80 })]],
    KIA0602: [[ports({ name: 'http', port: 80, appProtocol: 'weird' })]],
    KIA0701: [
      [
        deployment('reviews', 'v1', {
          template: {
            metadata: { labels: { app: 'reviews' } },
            spec: { containers: [{ name: 'a', ports: [{ containerPort: 1 }] }] },
          },
        }),
        ports({ name: 'http', port: 80 }),
      ],
    ],
  },
  'schema-warnings': {
    IST0002: [
      [
        virtualService('a', {
          hosts: ['a'],
          http: [{ fault: { delay: { percent: 5, fixedDelay: '1s' } }, route: [to('a')] }],
        }),
      ],
    ],
    IST0133: [
      [
        serviceEntry('a', {
          hosts: ['a*.example.com'],
          resolution: 'NONE',
          ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
        }),
      ],
    ],
  },
  'workload-without-authz': {
    KIA1301: [
      [injected, deployment('reviews', 'v1'), authorizationPolicy('a', { selector: { matchLabels: { app: 'b' } } })],
    ],
  },
  'attaches-to-nothing': {
    IST0101: [[deployment('reviews', 'v1'), strict('a', { selector: { matchLabels: { app: 'ratings' } } })]],
    IST0127: [
      [namespace('empty'), authorizationPolicy('a', { rules: [{}] }, { namespace: 'empty' })],
      { complete: true },
    ],
    KIA0004: [[deployment('reviews', 'v1'), sidecar('a', { workloadSelector: { labels: { app: 'ratings' } } })]],
  },
  'gateway-api-backend': {
    KIA1402: [
      objects(
        '{ apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: { name: a, namespace: bookinfo }, spec: { rules: [{ backendRefs: [{ name: ratings, port: 80 }] }] } }',
      ).concat(reviews),
    ],
  },
};

describe("the codes of Istio's and Kiali's own checks", () => {
  it('are claimed only by rules that report an input with the code', () => {
    const claimed = rules.map(({ id, istio = [], kiali = [] }) => [id, [...istio, ...kiali].sort()] as const);
    const proven = Object.entries(proofs).map(([id, codes]) => [id, Object.keys(codes).sort()] as const);
    assert.deepEqual(Object.fromEntries(claimed.filter(([, codes]) => codes.length > 0)), Object.fromEntries(proven));
  });

  for (const rule of rules) {
    for (const [code, [given, options]] of Object.entries(proofs[rule.id] ?? {})) {
      it(`${rule.id} reports ${code}`, () => {
        assert.notDeepEqual(judged(rule, given, options), []);
      });
    }
  }
});
