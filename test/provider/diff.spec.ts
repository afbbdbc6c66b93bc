import assert from 'node:assert/strict';
import type { RouteSetInputs } from '../../mesh/manifests/route-set';
import { textsOf } from '../../mesh/manifests/route-set';
import { diffOf } from '../../provider/diff';
import { unknown, type RouteSetState } from '../../provider/set';
import { route, rule } from '../support/routes';

const inputs: RouteSetInputs = {
  namespace: 'bookinfo',
  objects: textsOf([rule('v1'), rule('v2'), route({ v1: 90, v2: 10 })]),
  kubeconfig: '/a',
  proof: { drainSeconds: 1 },
};
const state: RouteSetState = { ...inputs, server: 'https://127.0.0.1:1', unproven: [] };

describe('the difference between a route set and what it is to be', () => {
  it('is nothing for the same objects, in whatever order their keys stand', () => {
    assert.deepEqual(diffOf(state, inputs), {});
    const { kind, ...rest } = rule('v1');
    const objects = { ...inputs.objects, 'DestinationRule bookinfo/reviews.v1': JSON.stringify({ ...rest, kind }) };
    assert.deepEqual(diffOf(state, { ...inputs, objects }), {});
  });

  it('names each object that comes, goes or changes, and each setting', () => {
    const { namespace } = inputs;
    const objects = textsOf([rule('v1'), rule('v3'), route({ v1: 90, v3: 10 })]);
    assert.deepEqual(diffOf(state, { namespace, objects, context: 'b', proof: { drainSeconds: 2 } }), {
      kubeconfig: 'delete',
      context: 'add',
      proof: 'update',
      'objects["DestinationRule bookinfo/reviews.v2"]': 'delete',
      'objects["VirtualService bookinfo/reviews"]': 'update',
      'objects["DestinationRule bookinfo/reviews.v3"]': 'add',
    });
  });

  it('asks for another set in another namespace or cluster', () => {
    assert.deepEqual(diffOf(state, { ...inputs, namespace: 'shop' }), { namespace: 'update-replace' });
    assert.deepEqual(diffOf(state, { ...inputs, kubeconfig: '/b' }, true), { kubeconfig: 'update-replace' });
    assert.deepEqual(diffOf(state, { ...inputs, kubeconfig: '/b' }, false), { kubeconfig: 'update' });
  });

  it('does not know what unknown values will bring, and says that they may differ', () => {
    const objects = { ...inputs.objects, 'VirtualService bookinfo/reviews': unknown };
    const path = 'objects["VirtualService bookinfo/reviews"]';
    assert.deepEqual(diffOf(state, { ...inputs, objects }), { [path]: 'update' });
    const all = { ...inputs, objects: unknown as unknown as RouteSetInputs['objects'] };
    assert.deepEqual(diffOf(state, all), { objects: 'update' });
  });

  it('is not nothing while a route is unproven', () => {
    const unproven = ['VirtualService bookinfo/reviews'];
    assert.deepEqual(diffOf({ ...state, unproven }, inputs), { unproven: 'update' });
  });
});
