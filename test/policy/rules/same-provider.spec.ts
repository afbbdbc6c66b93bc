import assert from 'node:assert/strict';
import { sameProvider } from '../../../policy/rules/same-provider';
import { destinationRule, finding, service, subsets, to, virtualService } from '../mesh-objects';
import { judgedResources, resource } from '../pulumi';

const reviews = virtualService('reviews', { hosts: ['reviews'], http: [{ route: [to('reviews', 'v1')] }] });
const rule = destinationRule('reviews', { host: 'reviews', subsets: subsets('v1') });
const one = { provider: 'urn:pulumi:dev::p::pulumi:providers:kubernetes::one::id' };
const two = { provider: 'urn:pulumi:dev::p::pulumi:providers:kubernetes::two' };

describe('same-provider', () => {
  it('refuses a route in one cluster to a rule and a Service in another', () => {
    assert.deepEqual(
      judgedResources(sameProvider, [resource(service('reviews'), two), resource(rule, two), resource(reviews)]),
      [
        finding(
          sameProvider,
          'VirtualService bookinfo/reviews',
          '',
          'DestinationRule bookinfo/reviews of host reviews.bookinfo.svc.cluster.local goes to another Pulumi provider (two) than this VirtualService (the default one), so to another cluster; give both the same provider',
        ),
        finding(
          sameProvider,
          'VirtualService bookinfo/reviews',
          '',
          'Service bookinfo/reviews of host reviews.bookinfo.svc.cluster.local goes to another Pulumi provider (two) than this VirtualService (the default one), so to another cluster; give both the same provider',
        ),
      ],
    );
  });

  it('does not know the cluster of a route set by its provider', () => {
    const set = { ...one, type: 'meshwright-routes:index:RouteSet', urn: 'set' };
    assert.deepEqual(
      judgedResources(sameProvider, [resource(service('reviews'), two), resource(rule, set), resource(reviews, set)]),
      [],
    );
    const inSet = [resource(service('reviews'), two), resource(rule, set), resource(reviews, two)];
    assert.deepEqual(judgedResources(sameProvider, inSet), []);
  });

  it('accepts one cluster', () => {
    assert.deepEqual(
      judgedResources(sameProvider, [resource(service('reviews'), two), resource(rule, two), resource(reviews, two)]),
      [],
    );
  });

  it('accepts the same objects in two clusters', () => {
    assert.deepEqual(
      judgedResources(sameProvider, [
        resource(rule, one),
        resource({ ...rule }, two),
        resource(reviews, one),
        resource({ ...reviews }, two),
      ]),
      [],
    );
  });

  it('compares a rule and its Service', () => {
    assert.deepEqual(judgedResources(sameProvider, [resource(service('reviews')), resource(rule, one)]), [
      finding(
        sameProvider,
        'DestinationRule bookinfo/reviews',
        '',
        'Service bookinfo/reviews of host reviews.bookinfo.svc.cluster.local goes to another Pulumi provider (the default one) than this DestinationRule (one), so to another cluster; give both the same provider',
      ),
    ]);
  });
});
