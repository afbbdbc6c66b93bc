import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { serializedObjects, type ChangeLimits, type RouteInputs } from '../../mesh/manifests/route-set';
import { changeFailures, findingFailures, inputFailures } from '../../provider/check';
import { unknownValue as unknown } from '@pulumi/pulumi/runtime/rpc';
import { route } from '../support/routes';

const property = (title: string): string => `objects[${JSON.stringify(title)}]`;
const virtualService = property('VirtualService bookinfo/reviews');
const told = (objects: KubernetesObject[], limits?: ChangeLimits): RouteInputs => ({
  namespace: 'bookinfo',
  objects: serializedObjects(objects),
  ...(limits === undefined ? {} : { limits }),
});
const wholeRule = (...versions: string[]): KubernetesObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'reviews', namespace: 'bookinfo' },
  spec: { host: 'reviews', subsets: versions.map((version) => ({ name: version, labels: { version } })) },
});

describe('the check of a change of routes', () => {
  const before = told([route({ v1: 90, v3: 10 })]);
  const after = (limits: ChangeLimits): RouteInputs => told([route({ v1: 60, v3: 40 })], limits);

  it("allows a weight to move up to the stack's limit, and does not limit a new route", () => {
    assert.deepEqual(changeFailures(before, after({ maxStep: 30 })), []);
    assert.deepEqual(changeFailures(undefined, after({ maxStep: 20 })), []);
  });

  it('refuses a weight that moves further', () => {
    assert.deepEqual(changeFailures(before, after({ maxStep: 20 })), [
      {
        property: virtualService,
        reason:
          'this change is refused: spec.http[0].route[1].weight: reviews subset v3 would go from 10 to 40 at once, by 30; allowed are steps of 20 (maxStep). Go in several updates (weight-step-limit)',
      },
    ]);
    assert.deepEqual(changeFailures(before, after({ maxStep: 20, rules: { 'weight-step-limit': 'off' } })), []);
    assert.deepEqual(changeFailures(before, after({ maxStep: 20, rules: { 'weight-step-limit': 'advisory' } })), []);
  });

  it('ignores weights that others own', () => {
    assert.deepEqual(changeFailures(before, { ...after({ maxStep: 20 }), weightsOwnedBy: 'argo' }), []);
  });

  it('refuses dropping a subset from a rule while the deployed route uses it', () => {
    const both = told([wholeRule('v1', 'v3'), route({ v1: 90, v3: 10 })]);
    assert.deepEqual(changeFailures(both, told([wholeRule('v1'), route({ v1: 100 })])), [
      {
        property: property('DestinationRule bookinfo/reviews'),
        reason:
          'this change is refused: spec.subsets: subset "v3" of reviews.bookinfo.svc.cluster.local is dropped, although VirtualService bookinfo/reviews sent requests to it until now: they fail with 503 until every proxy knows the new route. Shift its traffic first, and drop it in the next update (subset-removal-in-use)',
      },
    ]);
    const shifted = told([wholeRule('v1', 'v3'), route({ v1: 100 })]);
    assert.deepEqual(changeFailures(shifted, told([wholeRule('v1'), route({ v1: 100 })])), []);
  });
});

describe('the check of the objects of a Route', () => {
  const unbalanced: KubernetesObject = {
    ...route({ v1: 100 }),
    spec: {
      hosts: ['reviews'],
      http: [
        {
          route: [
            { destination: { host: 'reviews', subset: 'v1' }, weight: 90 },
            { destination: { host: 'reviews', subset: 'v3' }, weight: 20 },
          ],
        },
      ],
    },
  };

  it('assumes that names outside the objects exist elsewhere', () => {
    assert.deepEqual(findingFailures(told([route({ v1: 90, v3: 10 })])), []);
  });

  it('names the object of every mandatory finding', () => {
    assert.deepEqual(
      findingFailures(told([unbalanced, wholeRule('v1', 'v3')])).map(({ property: path, reason }) => [
        path,
        /\(([\w-]+)\)$/.exec(reason)?.[1],
      ]),
      [[virtualService, 'weight-sum-100']],
    );
  });

  it('leaves out rules that the limits switch off or make advisory', () => {
    for (const level of ['off', 'advisory'] as const)
      assert.deepEqual(findingFailures(told([unbalanced], { rules: { 'weight-sum-100': level } })), []);
  });
});

describe('the check of the inputs of a Route', () => {
  it('accepts objects of its namespace, and unknown ones', () => {
    const { objects } = told([route({ v1: 100 }), wholeRule('v1')]);
    const later = { 'VirtualService bookinfo/later': unknown };
    assert.deepEqual(inputFailures({ namespace: 'bookinfo', objects: { ...objects, ...later } }), []);
    assert.deepEqual(inputFailures({ namespace: 'bookinfo', objects: unknown }), []);
  });

  it('reports everything that is wrong', () => {
    const other = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a', namespace: 'bookinfo' } });
    const objects = {
      nonsense: '{',
      'Secret bookinfo/a': other,
      'VirtualService bookinfo/ratings': JSON.stringify(route({ v1: 100 })),
      'VirtualService shop/reviews': JSON.stringify(route({ v1: 100 }, 'reviews', 'shop')),
    };
    assert.deepEqual(inputFailures({ namespace: 'bookinfo', objects }), [
      { property: property('nonsense'), reason: 'must be a Kubernetes object as JSON' },
      {
        property: property('Secret bookinfo/a'),
        reason: 'is a Secret; allowed are DestinationRule and VirtualService',
      },
      {
        property: property('VirtualService bookinfo/ratings'),
        reason: 'the key does not match the object VirtualService bookinfo/reviews',
      },
      { property: property('VirtualService shop/reviews'), reason: 'must be in namespace bookinfo' },
    ]);
    assert.deepEqual(
      [{ namespace: '' }, { namespace: 'a' }].map((inputs) => inputFailures(inputs).map((one) => one.property)),
      [['namespace'], ['objects']],
    );
  });
});
