import assert from 'node:assert/strict';
import { objectTitle, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { planOf, type RoutePlan } from '../../provider/plan';
import type { ObjectsByTitle } from '../../provider/route-state';
import { route, rule } from '../support/routes';

const set = (...objects: KubernetesObject[]): ObjectsByTitle =>
  new Map(objects.map((object) => [objectTitle(object), object]));
const nothing: RoutePlan = { rules: [], routes: [], reprove: [], goneRoutes: [], goneRules: [] };
const title = 'VirtualService bookinfo/reviews';

describe('the plan of a route set', () => {
  it('is empty if nothing changes, in any order of keys', () => {
    const reordered = JSON.parse(
      '{"spec":{"subsets":[{"labels":{"version":"v1"},"name":"v1"}],"host":"reviews"}}',
    ) as object;
    assert.deepEqual(planOf(set(rule('v1')), set({ ...rule('v1'), ...reordered })), nothing);
  });

  it('writes rules before routes, and then removes old routes and rules', () => {
    const [old, now] = [route({ v1: 90, v2: 10 }), route({ v1: 50, v3: 50 })];
    const before = set(rule('v1'), rule('v2'), old, rule('v1', 'ratings'), route({ v1: 100 }, 'ratings'));
    assert.deepEqual(planOf(before, set(rule('v1'), rule('v3'), now)), {
      rules: [{ title: 'DestinationRule bookinfo/reviews.v3', after: rule('v3') }],
      routes: [{ title, before: old, after: now }],
      reprove: [],
      goneRoutes: [['VirtualService bookinfo/ratings', route({ v1: 100 }, 'ratings')]],
      goneRules: [
        ['DestinationRule bookinfo/reviews.v2', rule('v2')],
        ['DestinationRule bookinfo/ratings.v1', rule('v1', 'ratings')],
      ],
    });
  });

  it('proves unproven routes again, once', () => {
    const [same, next] = [route({ v1: 100 }), route({ v2: 100 })];
    const reprove = [{ title, before: same, after: same }];
    assert.deepEqual(planOf(set(same), set(same), [title]), { ...nothing, reprove });
    const routes = [{ title, before: same, after: next }];
    assert.deepEqual(planOf(set(same), set(next), [title]), { ...nothing, routes });
    assert.deepEqual(planOf(set(same), set(), [title]), { ...nothing, goneRoutes: [[title, same]] });
  });
});
