import assert from 'node:assert/strict';
import { subsetExists } from '../../../policy/rules/subset-exists';
import {
  deployment,
  destinationRule,
  finding,
  gateway,
  judged,
  namespace,
  service,
  subsets,
  to,
  virtualService,
} from '../mesh-objects';

const rule = destinationRule('reviews', { host: 'reviews', subsets: subsets('v1', 'v2') });
const toSubset = (subset: string, metadata = {}) =>
  virtualService('reviews', { hosts: ['reviews'], http: [{ route: [to('reviews', subset)] }] }, metadata);
const ingress = gateway('gw', {
  selector: { istio: 'ingress' },
  servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
});

describe('subset-exists', () => {
  it('names the defined subsets', () => {
    assert.deepEqual(judged(subsetExists, [rule, toSubset('v9')]), [
      finding(
        subsetExists,
        'VirtualService bookinfo/reviews',
        'spec.http[0].route[0].destination.subset',
        'subset "v9" of host reviews.bookinfo.svc.cluster.local does not exist (defined: v1, v2), so requests for it fail with 503. Define it in a DestinationRule for the host, or name a subset that is defined',
      ),
    ]);
  });

  it('accepts a subset that is defined', () => {
    assert.deepEqual(judged(subsetExists, [rule, toSubset('v2')]), []);
  });

  it('also checks weight 0, mirrors and tcp', () => {
    assert.deepEqual(
      judged(subsetExists, [
        rule,
        virtualService('reviews', {
          hosts: ['reviews'],
          http: [
            { route: [to('reviews', 'v1', 100), to('reviews', 'v8', 0)], mirror: { host: 'reviews', subset: 'v9' } },
          ],
          tcp: [{ route: [to('reviews', 'v7')] }],
        }),
      ]),
      [
        finding(
          subsetExists,
          'VirtualService bookinfo/reviews',
          'spec.http[0].mirror.subset',
          'subset "v9" of host reviews.bookinfo.svc.cluster.local does not exist (defined: v1, v2), so requests for it fail with 503. Define it in a DestinationRule for the host, or name a subset that is defined',
        ),
        finding(
          subsetExists,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[1].destination.subset',
          'subset "v8" of host reviews.bookinfo.svc.cluster.local does not exist (defined: v1, v2), so requests for it fail with 503. Define it in a DestinationRule for the host, or name a subset that is defined',
        ),
        finding(
          subsetExists,
          'VirtualService bookinfo/reviews',
          'spec.tcp[0].route[0].destination.subset',
          'subset "v7" of host reviews.bookinfo.svc.cluster.local does not exist (defined: v1, v2), so requests for it fail with 503. Define it in a DestinationRule for the host, or name a subset that is defined',
        ),
      ],
    );
  });

  it('knows the subsets of several rules of the host', () => {
    assert.deepEqual(
      judged(subsetExists, [
        rule,
        destinationRule('reviews.v3', { host: 'reviews.bookinfo.svc.cluster.local', subsets: subsets('v3') }),
        toSubset('v3'),
      ]),
      [],
    );
  });

  it('reports nothing about a VirtualService alone', () => {
    assert.deepEqual(judged(subsetExists, [toSubset('v1')]), []);
  });

  it('reports a subset if the Service exists without any rule', () => {
    assert.deepEqual(judged(subsetExists, [service('reviews'), toSubset('v1')]), [
      finding(
        subsetExists,
        'VirtualService bookinfo/reviews',
        'spec.http[0].route[0].destination.subset',
        'subset "v1" of host reviews.bookinfo.svc.cluster.local does not exist (no DestinationRule in effect defines subsets for it), so requests for it fail with 503. Define it in a DestinationRule for the host, or name a subset that is defined',
      ),
    ]);
  });

  it('reports every unknown subset when the set is complete', () => {
    assert.deepEqual(judged(subsetExists, [toSubset('v1')], { complete: true }), [
      finding(
        subsetExists,
        'VirtualService bookinfo/reviews',
        'spec.http[0].route[0].destination.subset',
        'subset "v1" of host reviews.bookinfo.svc.cluster.local does not exist (no DestinationRule in effect defines subsets for it), so requests for it fail with 503. Define it in a DestinationRule for the host, or name a subset that is defined',
      ),
    ]);
  });

  it('ignores a rule of a third namespace', () => {
    assert.deepEqual(
      judged(subsetExists, [
        service('reviews'),
        destinationRule(
          'reviews',
          { host: 'reviews.bookinfo.svc.cluster.local', subsets: subsets('v1') },
          { namespace: 'other' },
        ),
        toSubset('v1'),
      ]),
      [
        finding(
          subsetExists,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[0].destination.subset',
          'subset "v1" of host reviews.bookinfo.svc.cluster.local does not exist for clients in namespace bookinfo, so requests for it fail with 503. DestinationRule other/reviews defines it but is not in effect there: a DestinationRule applies if it is in the namespace of the client, or else is exported from the namespace of the Service or the root namespace. Move it, export it, or define the subset in a rule that applies',
        ),
      ],
    );
  });

  it('prefers the rule of the client namespace, which hides that of the Service', () => {
    assert.deepEqual(
      judged(subsetExists, [
        rule,
        destinationRule(
          'mine',
          { host: 'reviews.bookinfo.svc.cluster.local', subsets: subsets('v5') },
          { namespace: 'shop' },
        ),
        virtualService(
          'far',
          {
            hosts: ['reviews.bookinfo.svc.cluster.local'],
            exportTo: ['.'],
            http: [{ route: [to('reviews.bookinfo.svc.cluster.local', 'v2')] }],
          },
          { namespace: 'shop' },
        ),
      ]),
      [
        finding(
          subsetExists,
          'VirtualService shop/far',
          'spec.http[0].route[0].destination.subset',
          'subset "v2" of host reviews.bookinfo.svc.cluster.local does not exist for clients in namespace shop, which use DestinationRule shop/mine, so requests for it fail with 503. DestinationRule bookinfo/reviews defines it but is not in effect there: a DestinationRule applies if it is in the namespace of the client, or else is exported from the namespace of the Service or the root namespace. Move it, export it, or define the subset in a rule that applies',
        ),
      ],
    );
  });

  it('requires a private rule to be exported to the clients of the route', () => {
    assert.deepEqual(
      judged(subsetExists, [
        destinationRule('reviews', { host: 'reviews', exportTo: ['.'], subsets: subsets('v1') }),
        namespace('shop', { 'istio-injection': 'enabled' }),
        deployment('cart', 'v1', {}, { namespace: 'shop' }),
        toSubset('v1'),
      ]),
      [
        finding(
          subsetExists,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[0].destination.subset',
          'subset "v1" of host reviews.bookinfo.svc.cluster.local does not exist for clients in namespace shop, so requests for it fail with 503. DestinationRule bookinfo/reviews defines it but is not in effect there: a DestinationRule applies if it is in the namespace of the client, or else is exported from the namespace of the Service or the root namespace. Move it, export it, or define the subset in a rule that applies',
        ),
      ],
    );
  });

  it('uses the rule of the Service for a gateway in any namespace', () => {
    assert.deepEqual(
      judged(
        subsetExists,
        [
          ingress,
          rule,
          virtualService('reviews', { hosts: ['*'], gateways: ['gw'], http: [{ route: [to('reviews', 'v1')] }] }),
        ],
        { gatewayWorkloads: [{ namespace: 'istio-ingress', labels: { istio: 'ingress' } }] },
      ),
      [],
    );
  });

  it("reports a rule in the VirtualService's namespace if gateway and Service are in others", () => {
    assert.deepEqual(
      judged(
        subsetExists,
        [
          ingress,
          destinationRule('far', { host: 'far.other.svc.cluster.local', subsets: subsets('v1') }),
          virtualService('far', {
            hosts: ['*'],
            gateways: ['gw'],
            http: [{ route: [to('far.other.svc.cluster.local', 'v1')] }],
          }),
        ],
        { gatewayWorkloads: [{ namespace: 'istio-ingress', labels: { istio: 'ingress' } }] },
      ),
      [
        finding(
          subsetExists,
          'VirtualService bookinfo/far',
          'spec.http[0].route[0].destination.subset',
          'subset "v1" of host far.other.svc.cluster.local does not exist for clients in namespace istio-ingress, so requests for it fail with 503. DestinationRule bookinfo/far defines it but is not in effect there: a DestinationRule applies if it is in the namespace of the client, or else is exported from the namespace of the Service or the root namespace. Move it, export it, or define the subset in a rule that applies',
        ),
      ],
    );
  });

  it('uses a wildcard rule for the host', () => {
    assert.deepEqual(
      judged(subsetExists, [
        destinationRule('all', { host: '*.bookinfo.svc.cluster.local', subsets: subsets('v1') }),
        toSubset('v1'),
      ]),
      [],
    );
  });
});
