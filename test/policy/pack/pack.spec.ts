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

  it('knows every version of the API, and leaves other providers alone', () => {
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
