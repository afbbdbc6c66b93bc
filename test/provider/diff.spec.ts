import assert from 'node:assert/strict';
import { unknownValue as unknown } from '@pulumi/pulumi/runtime/rpc';
import { serializedObjects, type RouteInputs } from '../../mesh/manifests/route-set';
import { diffOf } from '../../provider/diff';
import type { RouteState } from '../../provider/route-state';
import { route, rule } from '../support/routes';

const inputs: RouteInputs = {
  namespace: 'bookinfo',
  objects: serializedObjects([rule('v1'), rule('v2'), route({ v1: 90, v2: 10 })]),
  weights: { v1: 90, v2: 10 },
  kubeconfig: '/a',
  proof: { drainSeconds: 1 },
};
const state: RouteState = { ...inputs, server: 'https://127.0.0.1:1', unproven: [] };

describe('the difference between a Route and its new inputs', () => {
  it('is empty for the same objects, in any order of keys', () => {
    assert.deepEqual(diffOf(state, inputs), {});
    const { kind, ...rest } = rule('v1');
    const objects = { ...inputs.objects, 'DestinationRule bookinfo/reviews.v1': JSON.stringify({ ...rest, kind }) };
    assert.deepEqual(diffOf(state, { ...inputs, objects }), {});
  });

  it('names each added, removed or changed object, and each setting', () => {
    const { namespace } = inputs;
    const objects = serializedObjects([rule('v1'), rule('v3'), route({ v1: 90, v3: 10 })]);
    const weights = { v1: 90, v3: 10 };
    assert.deepEqual(diffOf(state, { namespace, objects, weights, context: 'b', proof: { drainSeconds: 2 } }), {
      kubeconfig: 'delete',
      context: 'add',
      proof: 'update',
      'objects["DestinationRule bookinfo/reviews.v2"]': 'delete',
      'objects["VirtualService bookinfo/reviews"]': 'update',
      'objects["DestinationRule bookinfo/reviews.v3"]': 'add',
      'weights.v2': 'delete',
      'weights.v3': 'add',
    });
  });

  it('is empty when only the limits on changes differ', () => {
    assert.deepEqual(diffOf(state, { ...inputs, limits: { maxStep: 10 } }), {});
  });

  const shifted = {
    ...inputs,
    weights: { v1: 75, v2: 25 },
    objects: serializedObjects([rule('v1'), rule('v2'), route({ v1: 75, v2: 25 })]),
  };

  it('contains only the weights when nothing else changes', () => {
    assert.deepEqual(diffOf(state, shifted), { 'weights.v1': 'update', 'weights.v2': 'update' });
  });

  it('is by rule if there are several, with any characters in their names', () => {
    const rules = (v3: number): RouteInputs => ({
      ...inputs,
      weights: { 'uri prefix /v2': { v3 }, 'everything else': { v1: 100 } },
    });
    assert.deepEqual(diffOf({ ...state, ...rules(10) }, rules(25)), { 'weights["uri prefix /v2"].v3': 'update' });
  });

  it('does not contain weights that others own', () => {
    const theirs = { weightsOwnedBy: 'argo' };
    assert.deepEqual(diffOf({ ...state, ...theirs }, { ...shifted, ...theirs }), {});
  });

  it('requires a replacement in another namespace or cluster', () => {
    assert.deepEqual(diffOf(state, { ...inputs, namespace: 'shop' }), { namespace: 'update-replace' });
    assert.deepEqual(diffOf(state, { ...inputs, kubeconfig: '/b' }, true), { kubeconfig: 'update-replace' });
    assert.deepEqual(diffOf(state, { ...inputs, kubeconfig: '/b' }, false), { kubeconfig: 'update' });
  });

  it('treats unknown values as different', () => {
    const objects = { ...inputs.objects, 'VirtualService bookinfo/reviews': unknown };
    const path = 'objects["VirtualService bookinfo/reviews"]';
    assert.deepEqual(diffOf(state, { ...inputs, objects }), { [path]: 'update' });
    const all = { ...inputs, objects: unknown as unknown as RouteInputs['objects'] };
    assert.deepEqual(diffOf(state, all), { objects: 'update' });
  });

  it('is not empty while a route is unproven', () => {
    const unproven = ['VirtualService bookinfo/reviews'];
    assert.deepEqual(diffOf({ ...state, unproven }, inputs), { unproven: 'update' });
  });
});
