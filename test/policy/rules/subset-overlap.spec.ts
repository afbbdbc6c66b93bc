import assert from 'node:assert/strict';
import { subsetOverlap } from '../../../policy/rules/subset-overlap';
import { deployment, destinationRule, finding, judged, service, to, virtualService } from '../mesh-objects';

const orders = (...list: object[]) => destinationRule('orders', { host: 'orders', subsets: list });
const subset = (name: string, labels: object) => ({ name, labels });
/** A route that divides its requests between two subsets. */
const weighing = (a: string, b: string) =>
  virtualService('orders', { hosts: ['orders'], http: [{ route: [to('orders', a, 90), to('orders', b, 10)] }] });

describe('subset-overlap', () => {
  it('refuses equal labels', () => {
    assert.deepEqual(
      judged(subsetOverlap, [
        weighing('stable', 'canary'),
        orders(subset('stable', { app: 'orders' }), subset('canary', { app: 'orders' })),
      ]),
      [
        finding(
          subsetOverlap,
          'DestinationRule bookinfo/orders',
          'spec.subsets[1].labels',
          'subset "canary" (app=orders) shares pods with subset "stable" (app=orders): their labels are equal. A weight between them has no meaning; give each a label value of its own',
        ),
      ],
    );
  });

  it('advises on equal labels that no route weighs, unless the subsets differ in their policy', () => {
    const equal = [subset('stable', { app: 'orders' }), subset('canary', { app: 'orders' })];
    assert.deepEqual(
      judged(subsetOverlap, [orders(...equal)]).map(({ level }) => level),
      ['advisory'],
    );
    const sticky = { ...subset('sticky', { app: 'orders' }), trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } };
    assert.deepEqual(judged(subsetOverlap, [orders(subset('plain', { app: 'orders' }), sticky)]), []);
  });

  it('accepts two views of one host, such as regions and versions', () => {
    assert.deepEqual(
      judged(subsetOverlap, [
        service('orders'),
        deployment('orders', 'v1'),
        orders(subset('eu', { 'topology.kubernetes.io/region': 'eu' }), subset('v1', { version: 'v1' })),
      ]),
      [],
    );
  });

  it('leaves equal labels to a Rollout that names the DestinationRule', () => {
    const istio = { destinationRule: { name: 'orders' }, virtualService: { name: 'orders' } };
    const rollout = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'orders', namespace: 'bookinfo' },
      spec: { strategy: { canary: { trafficRouting: { istio } } } },
    };
    assert.deepEqual(
      judged(subsetOverlap, [
        rollout,
        weighing('stable', 'canary'),
        orders(subset('stable', { app: 'orders' }), subset('canary', { app: 'orders' })),
      ]),
      [],
    );
  });

  it('accepts different versions', () => {
    assert.deepEqual(
      judged(subsetOverlap, [orders(subset('v1', { version: 'v1' }), subset('v2', { version: 'v2' }))]),
      [],
    );
  });

  it('refuses labels that include others', () => {
    assert.deepEqual(
      judged(subsetOverlap, [
        weighing('v1', 'v1-eu'),
        orders(subset('v1', { version: 'v1' }), subset('v1-eu', { version: 'v1', region: 'eu' })),
      ]),
      [
        finding(
          subsetOverlap,
          'DestinationRule bookinfo/orders',
          'spec.subsets[1].labels',
          'subset "v1-eu" (region=eu, version=v1) shares pods with subset "v1" (version=v1): every pod of the one with more labels is also one of the other. A weight between them has no meaning; give each a label value of its own',
        ),
      ],
    );
  });

  it('refuses labels that overlap on a workload', () => {
    assert.deepEqual(
      judged(subsetOverlap, [
        service('orders'),
        deployment('orders', 'v1'),
        weighing('app', 'v1'),
        orders(subset('app', { app: 'orders' }), subset('v1', { version: 'v1' })),
      ]),
      [
        finding(
          subsetOverlap,
          'DestinationRule bookinfo/orders',
          'spec.subsets[1].labels',
          'subset "v1" (version=v1) shares pods with subset "app" (app=orders): a workload with the labels app=orders, version=v1 belongs to both. A weight between them has no meaning; give each a label value of its own',
        ),
      ],
    );
  });

  it('allows labels that could overlap, as long as no workload has both', () => {
    assert.deepEqual(
      judged(subsetOverlap, [service('orders'), orders(subset('a', { tier: 'a' }), subset('b', { zone: 'b' }))]),
      [],
    );
  });

  it('compares all rules that istiod merges, and names the first of several', () => {
    assert.deepEqual(
      judged(subsetOverlap, [
        destinationRule('orders.v1', { host: 'orders', subsets: [subset('v1', { version: 'v1' })] }),
        destinationRule('orders.v2', { host: 'orders', subsets: [subset('v2', { version: 'v1' })] }),
        destinationRule('orders.v3', { host: 'orders', subsets: [subset('v3', { version: 'v1' })] }),
        weighing('v1', 'v2'),
      ]),
      [
        finding(
          subsetOverlap,
          'DestinationRule bookinfo/orders.v2',
          'spec.subsets[0].labels',
          'subset "v2" (version=v1) shares pods with subset "v1" of DestinationRule bookinfo/orders.v1 (version=v1): their labels are equal. A weight between them has no meaning; give each a label value of its own',
        ),
        finding(
          subsetOverlap,
          'DestinationRule bookinfo/orders.v3',
          'spec.subsets[0].labels',
          'subset "v3" (version=v1) shares pods with subset "v1" of DestinationRule bookinfo/orders.v1 (version=v1) and with 1 more: their labels are equal. A weight between them has no meaning; give each a label value of its own',
          'advisory',
        ),
      ],
    );
  });

  it('leaves subsets without labels to subset-labels', () => {
    assert.deepEqual(judged(subsetOverlap, [orders(subset('all', {}), subset('v1', { version: 'v1' }))]), []);
  });

  it('leaves equal labels to a rollout controller that is declared', () => {
    assert.deepEqual(
      judged(subsetOverlap, [orders(subset('stable', { app: 'orders' }), subset('canary', { app: 'orders' }))], {
        rolloutController: ['bookinfo/orders'],
      }),
      [],
    );
  });
});
