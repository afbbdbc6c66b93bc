import assert from 'node:assert/strict';
import { runPack, unknownNumber, unknownText, type Resource, type Violation } from './run';

const group = 'networking.istio.io/v1';

function virtualService(route: unknown, metadata: object = {}): Resource {
  return {
    type: `kubernetes:${group}:VirtualService`,
    inputs: {
      apiVersion: group,
      kind: 'VirtualService',
      metadata: { name: 'reviews', namespace: 'bookinfo', ...metadata },
      spec: { hosts: ['reviews'], http: [{ route }] },
    },
  };
}

const to = (subset: string, weight: unknown) => ({ destination: { host: 'reviews', subset }, weight });

function told(violations: Violation[], ...policies: string[]): string[] {
  return violations
    .filter(({ policy }) => policies.includes(policy))
    .map(({ policy, urn, message }) => `${policy} ${urn ?? '-'}: ${message}`);
}

const badSum =
  'VirtualService bookinfo/reviews spec.http[0].route: weights must sum to 100, these sum to 110 (v1 90, v2 20); Istio would scale them to v1 81.8 %, v2 18.2 % [weight-sum-100, IST0106]';

describe('the policy pack', () => {
  it('stops a bad object by the policy for objects, once, and with the URN of its resource', () => {
    const violations = runPack({ route: virtualService([to('v1', 90), to('v2', 20)]) });
    assert.deepEqual(told(violations, 'istio-objects'), [`istio-objects route: ${badSum}`]);
    assert.deepEqual(
      violations.filter(({ policy, message }) => policy === 'istio-mesh' && message.includes('weight-sum-100')),
      [],
    );
  });

  it('recognizes every version of the API, and ignores other providers', () => {
    for (const version of ['v1', 'v1beta1', 'v1alpha3']) {
      const bad = virtualService([to('v1', 90), to('v2', 20)]);
      bad.type = `kubernetes:networking.istio.io/${version}:VirtualService`;
      Object.assign(bad.inputs ?? {}, { apiVersion: `networking.istio.io/${version}` });
      assert.equal(told(runPack({ route: bad }), 'istio-objects').length, 1);
    }
    const other: Resource = { type: 'aws:s3/bucket:Bucket', inputs: { metadata: {}, spec: { http: [] } } };
    const release: Resource = {
      type: 'kubernetes:helm.sh/v3:Release',
      inputs: { chart: 'redis', values: { spec: 1 } },
    };
    assert.deepEqual(runPack({ other, release }), []);
  });

  it('judges the objects of a route set like single ones', () => {
    const route = virtualService([to('v1', 90), to('v2', 20)]).inputs;
    const type = 'meshwright-routes:index:RouteSet';
    const inputs = {
      namespace: 'bookinfo',
      objects: {
        'DestinationRule bookinfo/reviews.v1': unknownText,
        'VirtualService bookinfo/reviews': JSON.stringify(route),
      },
    };
    const told110 = (violations: Violation[]): string[] =>
      violations
        .filter(({ message }) => message.includes('weight-sum-100'))
        .map(({ policy, urn, message }) => `${policy} ${urn ?? '-'}: ${message}`);
    assert.deepEqual(told110(runPack({ set: { type, inputs } })), [`istio-objects set: ${badSum}`]);
    assert.deepEqual(told110(runPack({ set: { type, inputs: null, outputs: inputs } })), [`istio-mesh set: ${badSum}`]);
    const hidden = runPack({
      set: { type, inputs, ignoreChanges: ['objects["VirtualService bookinfo/reviews"]'] },
    });
    assert.deepEqual(
      hidden.filter(({ message }) => message.includes('route-ignored-by-pulumi')).map(({ urn }) => urn),
      ['set'],
    );
    // All of it is unknown, so nothing is reported; the rule may have the subsets.
    assert.deepEqual(runPack({ set: { type, inputs: { namespace: 'bookinfo', objects: unknownText } } }), []);
  });

  it('judges an object that is not registered in this run by its outputs', () => {
    const { type, inputs } = virtualService([to('v1', 90), to('v2', 20)]);
    const violations = runPack({ route: { type, inputs: null, outputs: inputs ?? {} } });
    assert.deepEqual(told(violations, 'istio-objects'), []);
    assert.ok(told(violations, 'istio-mesh').includes(`istio-mesh route: ${badSum}`));
  });

  it('uses the inputs of this run, not the outputs, which a preview may not know', () => {
    const route = virtualService([to('v1', 90), to('v2', 10)]);
    route.outputs = { apiVersion: group, kind: 'VirtualService', metadata: unknownText, spec: unknownText };
    const violations = runPack({ route });
    assert.deepEqual(
      violations.filter(({ message }) => message.includes('undetermined')),
      [],
    );
  });

  it('judges the whole stack even if a name is not a string', () => {
    const odd = virtualService([to('v1', 90), to('v2', 10)], { name: { toString: '' } });
    const violations = runPack({ odd, route: virtualService([to('v1', 90), to('v2', 20)]) });
    assert.deepEqual(told(violations, 'istio-objects').slice(-1), [`istio-objects route: ${badSum}`]);
  });

  it('treats two resources with the same object as one object without conflicts', () => {
    const route = virtualService([to('v1', 90), to('v2', 10)]);
    assert.deepEqual(
      told(runPack({ route, again: route }), 'istio-mesh').filter((text) => text.includes('vs-host-conflict')),
      [],
    );
  });

  it('uses the configuration of the policy for objects for all policies', () => {
    const config = { rules: { 'weight-sum-100': 'advisory' } };
    const violations = runPack({ route: virtualService([to('v1', 90), to('v2', 20)]) }, config);
    assert.deepEqual(told(violations, 'istio-objects'), []);
    assert.ok(told(violations, 'istio-advice').includes(`istio-advice route: ${badSum}`));
  });

  it('reports a level for an unknown rule once, without a resource', () => {
    const violations = runPack({ route: virtualService([to('v1', 100)]) }, { rules: { nonsense: 'off' } });
    const options = violations.filter(({ message }) => message.includes('[options]'));
    assert.deepEqual(
      options.map(({ policy, urn, message }) => [policy, urn, message]),
      [['istio-mesh', undefined, 'CheckOptions rules.nonsense: there is no rule "nonsense" [options]']],
    );
  });

  it('lists waived findings, with the object that waives them', () => {
    const annotations = { 'policy.meshwright.io/waive.weight-sum-100': 'moves to 100 with the next release' };
    const violations = runPack({ route: virtualService([to('v1', 90), to('v2', 20)], { annotations }) });
    assert.deepEqual(told(violations, 'istio-objects'), []);
    assert.ok(told(violations, 'istio-advice').includes(`istio-advice route: Waived. ${badSum}`));
  });

  it('judges the weights of a patch, and nothing else of it', () => {
    const patch: Resource = {
      type: `kubernetes:${group}:VirtualServicePatch`,
      inputs: {
        apiVersion: group,
        kind: 'VirtualService',
        metadata: { name: 'reviews' },
        spec: { http: [{ route: [to('v1', 90), to('v2', 20)] }] },
      },
    };
    const violations = runPack({ patch });
    assert.deepEqual(
      violations.map(({ policy, message }) => `${policy} ${message.slice(-25)}`),
      ['istio-objects [weight-sum-100, IST0106]'],
    );
  });
});

describe('the policy pack, with tests of routing in the configuration of a program', () => {
  const before = process.env['PULUMI_CONFIG'];
  afterEach(() => {
    if (before === undefined) delete process.env['PULUMI_CONFIG'];
    else process.env['PULUMI_CONFIG'] = before;
  });
  const object = (apiVersion: string, kind: string, name: string, spec: object): Resource => ({
    type: `kubernetes:${apiVersion}:${kind}`,
    inputs: { apiVersion: apiVersion.replace(/^core\//, ''), kind, metadata: { name, namespace: 'shop' }, spec },
  });
  const pods = (version: string): Resource =>
    object('apps/v1', 'Deployment', `cart-${version}`, {
      selector: { matchLabels: { app: 'cart', version } },
      template: {
        metadata: { labels: { app: 'cart', version } },
        spec: { containers: [{ name: 'cart', image: 'cart' }] },
      },
    });
  const stack = (weight: unknown, more: Record<string, Resource> = {}): Record<string, Resource> => ({
    service: object('core/v1', 'Service', 'cart', { selector: { app: 'cart' }, ports: [{ name: 'http', port: 80 }] }),
    one: pods('v1'),
    two: pods('v2'),
    rule: object(group, 'DestinationRule', 'cart', {
      host: 'cart',
      subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version } })),
    }),
    route: object(group, 'VirtualService', 'cart', {
      hosts: ['cart'],
      http: [
        {
          route: [
            { destination: { host: 'cart', subset: 'v1' }, weight },
            { destination: { host: 'cart', subset: 'v2' }, weight: 10 },
          ],
        },
      ],
    }),
    ...more,
  });
  /** The findings of the pack about tests of routing. */
  const judged = (resources: Record<string, Resource>, expect: unknown, sections: object = {}): string[] => {
    process.env['PULUMI_CONFIG'] = JSON.stringify({ 'meshwright:expect': expect, ...sections });
    return runPack(resources)
      .filter(({ message }) => message.includes('Expectation'))
      .map(({ policy, message }) => `${policy} ${message}`);
  };
  const toV1 = (share: number): string => JSON.stringify([{ request: 'cart.shop/', to: 'cart v1', share }]);
  const fails =
    'expected 100 % of the requests from workloads to reach cart v1; instead: cart.shop v1 90 %, cart.shop v2 10 % (VirtualService shop/cart spec.http[0])';

  it('is silent if they hold', () => {
    assert.deepEqual(judged(stack(90), toV1(90)), []);
  });

  it('stops a preview in which one fails', () => {
    assert.deepEqual(judged(stack(90), toV1(100)), [
      `istio-mesh Expectation expect[0]: ${fails.replace('100 % of the', 'all')} [expect]`,
    ]);
  });

  it('advises if it cannot tell', () => {
    const filter = object('networking.istio.io/v1alpha3', 'EnvoyFilter', 'lua', {
      configPatches: [
        { applyTo: 'HTTP_ROUTE', match: { context: 'SIDECAR_OUTBOUND' }, patch: { operation: 'REMOVE' } },
      ],
    });
    const expect = JSON.stringify([{ request: 'cart.shop/', from: 'shop', to: 'cart v1', share: 90 }]);
    assert.deepEqual(judged(stack(90, { filter }), expect), [
      'istio-advice Expectation expect[0]: cannot tell: EnvoyFilter shop/lua is not modelled [expect]',
    ]);
  });

  it('advises if an unknown value of the preview decides', () => {
    assert.deepEqual(
      judged(stack(unknownNumber), toV1(100)).map((message) => message.split('; instead')[0]),
      ['istio-advice Expectation expect[0]: expected all requests from workloads to reach cart v1'],
    );
    const image = stack(90);
    const template = (image['one']?.inputs as { spec: { template: { spec: object } } }).spec.template;
    template.spec = { containers: [{ name: 'cart', image: unknownText }] };
    assert.equal(judged(image, toV1(100))[0]?.split(' ')[0], 'istio-mesh');
  });

  it('knows the gateways of Helm releases', () => {
    const release: Resource = {
      type: 'kubernetes:helm.sh/v3:Release',
      inputs: { chart: 'gateway', name: 'public', namespace: 'edge' },
    };
    const gateway = object(group, 'Gateway', 'front', {
      selector: { istio: 'public' },
      servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
    });
    const answer = object(group, 'VirtualService', 'answer', {
      hosts: ['*'],
      gateways: ['front'],
      http: [{ directResponse: { status: 418 } }],
    });
    const expect = (status: number): string =>
      JSON.stringify([{ request: 'shop.example.com/', from: 'gateway edge/public', status }]);
    const all = stack(90, { release, gateway, answer });
    assert.deepEqual(judged(all, expect(418)), []);
    // Pods that exist outside a stack of Meshwright.
    const gateways = JSON.stringify({ public: { namespace: 'edge', install: false } });
    const existing = judged(stack(90, { gateway, answer }), expect(418), { 'meshwright:gateways': gateways });
    assert.deepEqual(existing, []);
    assert.deepEqual(judged(all, expect(404)), [
      'istio-mesh Expectation expect[0]: expected all requests from gateway edge/public to get status 404; instead: answer 418 (VirtualService shop/answer spec.http[0]) [expect]',
    ]);
  });

  it('does not know weights that belong to a controller', () => {
    const { route, ...others } = stack(90);
    const inputs = {
      namespace: 'shop',
      weightsOwnedBy: 'flagger',
      objects: { 'VirtualService shop/cart': JSON.stringify(route?.inputs) },
    };
    const owned: Resource = { type: 'meshwright-routes:index:Route', inputs };
    assert.deepEqual(judged({ ...others, owned }, toV1(100)), [
      'istio-advice Expectation expect[0]: cannot tell: the weights of VirtualService shop/cart belong to flagger [expect]',
    ]);
  });

  it('stops at a test that it cannot read', () => {
    assert.deepEqual(judged(stack(90), 'none'), [
      'istio-mesh Expectation expect: must be a list of tests of routing [expect]',
    ]);
    const broken = [
      'cart.shop',
      { request: 'cart.shop' },
      { request: 'cart.shop', to: 'cart', share: 101 },
      { request: 'cart.shop', to: 'cart', weight: 90 },
      { request: { url: 'cart.shop', header: {} }, to: 'cart' },
      { request: { url: 'cart.shop', headers: { a: 1 } }, to: 'cart' },
      { request: 'ftp://cart.shop', to: 'cart' },
    ];
    assert.deepEqual(judged(stack(90), JSON.stringify(broken)), [
      'istio-mesh Expectation expect[0]: must be a map with request, and to or status [expect]',
      'istio-mesh Expectation expect[1]: must say either to or status [expect]',
      'istio-mesh Expectation expect[2]: share must be a percentage from 0 to 100 [expect]',
      'istio-mesh Expectation expect[3]: unknown key weight; known are request, from, to, status, share [expect]',
      'istio-mesh Expectation expect[4]: unknown key request.header; known are request, from, to, status, share [expect]',
      'istio-mesh Expectation expect[5]: request must be [METHOD ][PROTOCOL://]HOST[:PORT][/PATH], or a map with url, method and headers [expect]',
      'istio-mesh Expectation expect[6]: protocol ftp; allowed are http, https, tcp, tls [expect]',
    ]);
  });
});

describe('the policy pack, with unknown values in a preview', () => {
  it('stops an unknown weight, and still judges the rest of the object', () => {
    const route = virtualService([to('v1', unknownNumber), to('v2', 20)]);
    const http = [...(route.inputs?.['spec'] as { http: object[] }).http, { route: [to('v1', 60), to('v2', 60)] }];
    Object.assign(route.inputs?.['spec'] ?? {}, { http });
    const rules = told(runPack({ route }), 'istio-objects').map((text) => text.replace(/: (?!Virtual).*\[/, ' ['));
    assert.deepEqual(rules, [
      'istio-objects route: VirtualService bookinfo/reviews spec.http[1].route [weight-sum-100, IST0106]',
      'istio-objects route: VirtualService bookinfo/reviews spec.http[0].route[0].weight [undetermined]',
    ]);
  });

  for (const [what, route] of [
    ['route', unknownText],
    ['destination', [to('v1', 90), unknownText]],
  ] as const) {
    it(`stops an unknown ${what}, since it contains a weight`, () => {
      const violations = told(runPack({ route: virtualService(route) }), 'istio-objects');
      assert.deepEqual(
        violations.map((text) => text.includes('[undetermined]')),
        [true],
      );
    });
  }

  it('loses no mandatory finding of other objects', () => {
    const unsure = virtualService([to('v1', 100)], { name: unknownText, labels: unknownText });
    const violations = runPack({ unsure, route: virtualService([to('v1', 90), to('v2', 20)]) });
    assert.deepEqual(told(violations, 'istio-objects'), [`istio-objects route: ${badSum}`]);
    assert.equal(
      violations.filter(({ policy, message }) => policy === 'istio-advice' && message.includes('[undetermined]'))
        .length,
      1,
    );
  });

  it('finds an unknown namespace in the Namespace resource that it comes from', () => {
    const namespace: Resource = {
      type: 'kubernetes:core/v1:Namespace',
      inputs: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bookinfo' } },
      outputs: { apiVersion: 'v1', kind: 'Namespace', metadata: unknownText },
    };
    const route = virtualService([to('v1', 90), to('v2', 10)], { namespace: unknownText });
    route.propertyDependencies = { metadata: ['ns'] };
    const violations = runPack({ ns: namespace, route });
    assert.deepEqual(
      violations.filter(({ message }) => message.includes('[undetermined]')),
      [],
    );
  });

  it('never shows unknown or secret values', () => {
    const secret = 'c2VjcmV0LWtleQ';
    const authentication: Resource = {
      type: 'kubernetes:security.istio.io/v1:RequestAuthentication',
      inputs: {
        apiVersion: 'security.istio.io/v1',
        kind: 'RequestAuthentication',
        metadata: { name: 'jwt', namespace: 'bookinfo' },
        spec: { jwtRules: [{ issuer: 'a', jwks: `{"keys": "${secret}"}`, fromHeaders: [{ name: '' }] }] },
      },
    };
    const violations = runPack({ authentication });
    assert.ok(violations.length > 0);
    assert.equal(JSON.stringify(violations).includes(secret), false);
  });
});
