import assert from 'node:assert/strict';
import { applyOrder } from '../../../policy/rules/apply-order';
import { deployment, destinationRule, finding, service, subsets, to, virtualService } from '../mesh-objects';
import { component, judgedResources, release, resource } from '../pulumi';

const reviews = virtualService('reviews', {
  hosts: ['reviews'],
  http: [{ route: [to('reviews', 'v1', 90), to('reviews', 'v2', 10)] }],
});
const rule = destinationRule('reviews', { host: 'reviews', subsets: subsets('v1', 'v2') });
const pods = [resource(service('reviews')), resource(deployment('reviews', 'v1'))];
/** A component of Meshwright, whose programs must keep the order. */
const ours = component('Mesh');
const ready = { dependencies: ['Service/reviews', 'Deployment/reviews-v1'] };

describe('apply-order', () => {
  it('refuses a route that does not wait for its DestinationRule, and a rule that does not wait for its pods', () => {
    assert.deepEqual(judgedResources(applyOrder, [ours, ...pods, resource(rule), resource(reviews)]), [
      finding(
        applyOrder,
        'DestinationRule bookinfo/reviews',
        '',
        'nothing makes Pulumi create Deployment bookinfo/reviews-v1, Service bookinfo/reviews before this DestinationRule: a subset may get requests before it has pods. Add them to dependsOn',
      ),
      finding(
        applyOrder,
        'VirtualService bookinfo/reviews',
        '',
        'nothing makes Pulumi create DestinationRule bookinfo/reviews before this VirtualService: requests fail with 503 until it exists. Add it to dependsOn',
      ),
    ]);
  });

  it('is advisory in a program without components of Meshwright', () => {
    assert.deepEqual(
      judgedResources(applyOrder, [...pods, resource(rule), resource(reviews)]).map(({ level }) => level),
      ['advisory', 'advisory'],
    );
  });

  it('follows dependencies over several steps', () => {
    assert.deepEqual(
      judgedResources(applyOrder, [
        ...pods,
        resource(rule, ready),
        resource(deployment('x', 'v1'), { dependencies: ['DestinationRule/reviews'] }),
        resource(reviews, { dependencies: ['Deployment/x-v1'] }),
      ]),
      [],
    );
  });

  it('accepts the order within a route set, but reports what the set does not wait for', () => {
    const set = { type: 'meshwright-routes:index:RouteSet', urn: 'set' };
    const both = (facts: object): Parameters<typeof judgedResources>[1] => [
      ...pods,
      resource(rule, { ...set, ...facts }),
      resource(reviews, { ...set, ...facts }),
    ];
    assert.deepEqual(judgedResources(applyOrder, both(ready)), []);
    assert.deepEqual(
      judgedResources(applyOrder, both({})).map(({ kind }) => kind),
      ['DestinationRule'],
    );
  });

  it('follows the dependencies of parents, and the children of components', () => {
    assert.deepEqual(
      judgedResources(applyOrder, [
        ...pods,
        component('Rules', { dependencies: ['Service/reviews', 'Deployment/reviews-v1'] }),
        resource(rule, { parent: 'Rules' }),
        resource(reviews, { dependencies: ['Rules'] }),
      ]),
      [],
    );
  });

  it('does not treat a common parent as an order', () => {
    assert.deepEqual(
      judgedResources(applyOrder, [
        component('Routes'),
        resource(rule, { parent: 'Routes' }),
        resource(reviews, { parent: 'Routes' }),
      ]),
      [
        finding(
          applyOrder,
          'VirtualService bookinfo/reviews',
          '',
          'nothing makes Pulumi create DestinationRule bookinfo/reviews before this VirtualService: requests fail with 503 until it exists. Add it to dependsOn',
        ),
      ],
    );
  });

  it('ignores objects that are not in the program', () => {
    assert.deepEqual(judgedResources(applyOrder, [resource(reviews)]), []);
  });

  it('requires Istio objects after the control plane of the program', () => {
    assert.deepEqual(
      judgedResources(applyOrder, [
        ours,
        release('istiod'),
        resource(reviews),
        resource(destinationRule('a', { host: 'a' }), { dependencies: ['Release/istiod'] }),
        resource(service('a')),
      ]),
      [
        finding(
          applyOrder,
          'DestinationRule bookinfo/a',
          '',
          'nothing makes Pulumi create Service bookinfo/a before this DestinationRule: a subset may get requests before it has pods. Add it to dependsOn',
        ),
        finding(
          applyOrder,
          'VirtualService bookinfo/reviews',
          '',
          'nothing makes Pulumi install istiod before this object, whose definition and validation come with it. Add the release to dependsOn',
        ),
      ],
    );
  });

  it('requires each rule that defines a used subset', () => {
    assert.deepEqual(
      judgedResources(applyOrder, [
        ours,
        resource(destinationRule('reviews.v1', { host: 'reviews', subsets: subsets('v1') })),
        resource(destinationRule('reviews.v2', { host: 'reviews', subsets: subsets('v2') })),
        resource(reviews, { dependencies: ['DestinationRule/reviews.v1'] }),
      ]),
      [
        finding(
          applyOrder,
          'VirtualService bookinfo/reviews',
          '',
          'nothing makes Pulumi create DestinationRule bookinfo/reviews.v2 before this VirtualService: requests fail with 503 until it exists. Add it to dependsOn',
        ),
      ],
    );
  });
});
