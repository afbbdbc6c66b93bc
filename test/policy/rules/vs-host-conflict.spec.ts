import assert from 'node:assert/strict';
import { vsHostConflict } from '../../../policy/rules/vs-host-conflict';
import { finding, judged, to, virtualService } from '../mesh-objects';

const routed = (name: string, spec: object = {}, metadata = {}) =>
  virtualService(name, { hosts: ['reviews'], http: [{ route: [to('reviews')] }], ...spec }, metadata);
const atGateway = (name: string, ...matches: object[]) =>
  routed(name, {
    hosts: ['*'],
    gateways: ['edge'],
    http: matches.map((uri) => ({ match: [{ uri }], route: [to('reviews')] })),
  });

describe('vs-host-conflict', () => {
  it('refuses two VirtualServices for one host in the mesh', () => {
    assert.deepEqual(judged(vsHostConflict, [routed('reviews'), routed('canary')]), [
      finding(
        vsHostConflict,
        'VirtualService bookinfo/canary',
        'spec.hosts[0]',
        'host reviews.bookinfo.svc.cluster.local is also routed by VirtualService bookinfo/reviews in the mesh; sidecars use one of them and ignore the rest. Put the rules into one VirtualService',
      ),
      finding(
        vsHostConflict,
        'VirtualService bookinfo/reviews',
        'spec.hosts[0]',
        'host reviews.bookinfo.svc.cluster.local is also routed by VirtualService bookinfo/canary in the mesh; sidecars use one of them and ignore the rest. Put the rules into one VirtualService',
      ),
    ]);
  });

  it('accepts one per host', () => {
    assert.deepEqual(judged(vsHostConflict, [routed('reviews'), routed('ratings', { hosts: ['ratings'] })]), []);
  });

  it('recognizes one host by its short name and its FQDN, and in another namespace', () => {
    assert.deepEqual(
      judged(vsHostConflict, [
        routed('reviews'),
        routed('theirs', { hosts: ['reviews.bookinfo.svc.cluster.local'] }, { namespace: 'shop' }),
      ]),
      [
        finding(
          vsHostConflict,
          'VirtualService bookinfo/reviews',
          'spec.hosts[0]',
          'host reviews.bookinfo.svc.cluster.local is also routed by VirtualService shop/theirs in the mesh; sidecars use one of them and ignore the rest. Put the rules into one VirtualService',
        ),
        finding(
          vsHostConflict,
          'VirtualService shop/theirs',
          'spec.hosts[0]',
          'host reviews.bookinfo.svc.cluster.local is also routed by VirtualService bookinfo/reviews in the mesh; sidecars use one of them and ignore the rest. Put the rules into one VirtualService',
        ),
      ],
    );
  });

  it('allows two without a common namespace', () => {
    assert.deepEqual(
      judged(vsHostConflict, [
        routed('reviews', { exportTo: ['.'] }),
        routed('theirs', { hosts: ['reviews.bookinfo.svc.cluster.local'], exportTo: ['.'] }, { namespace: 'shop' }),
      ]),
      [],
    );
  });

  it('allows a wildcard beside a host, and delegates', () => {
    assert.deepEqual(
      judged(vsHostConflict, [
        routed('reviews'),
        routed('all', { hosts: ['*.bookinfo.svc.cluster.local'] }),
        virtualService('piece', { http: [{ route: [to('reviews')] }] }),
      ]),
      [],
    );
  });

  it('allows VirtualServices of one host at a gateway as long as their paths differ', () => {
    assert.deepEqual(
      judged(vsHostConflict, [
        atGateway('orders', { exact: '/orders' }),
        atGateway('products', { prefix: '/products' }),
      ]),
      [],
    );
  });

  it('refuses paths that overlap, in any order of creation', () => {
    assert.deepEqual(
      judged(vsHostConflict, [atGateway('api', { prefix: '/api' }), atGateway('orders', { exact: '/api/orders' })]),
      [
        finding(
          vsHostConflict,
          'VirtualService bookinfo/api',
          'spec.http[0]',
          'VirtualService bookinfo/orders (spec.http[0]) takes the same requests for host * at gateway bookinfo/edge; which of the two gets them depends on the age of the objects. Put the rules into one VirtualService, or give each its own paths',
        ),
        finding(
          vsHostConflict,
          'VirtualService bookinfo/orders',
          'spec.http[0]',
          'VirtualService bookinfo/api (spec.http[0]) takes the same requests for host * at gateway bookinfo/edge; which of the two gets them depends on the age of the objects. Put the rules into one VirtualService, or give each its own paths',
        ),
      ],
    );
  });

  it('allows one rule for everything, which istiod moves to the end, but not two', () => {
    assert.deepEqual(
      judged(vsHostConflict, [
        atGateway('orders', { exact: '/orders' }),
        atGateway('first', { prefix: '/' }),
        routed('second', { hosts: ['*'], gateways: ['edge'] }),
      ]),
      [
        finding(
          vsHostConflict,
          'VirtualService bookinfo/first',
          'spec.http[0]',
          'VirtualService bookinfo/second (spec.http[0]) takes the same requests for host * at gateway bookinfo/edge; which of the two gets them depends on the age of the objects. Put the rules into one VirtualService, or give each its own paths',
        ),
        finding(
          vsHostConflict,
          'VirtualService bookinfo/second',
          'spec.http[0]',
          'VirtualService bookinfo/first (spec.http[0]) takes the same requests for host * at gateway bookinfo/edge; which of the two gets them depends on the age of the objects. Put the rules into one VirtualService, or give each its own paths',
        ),
      ],
    );
  });

  it('considers conditions other than the path', () => {
    assert.deepEqual(
      judged(vsHostConflict, [
        routed('a', {
          hosts: ['*'],
          gateways: ['edge'],
          http: [{ match: [{ uri: { prefix: '/a' }, headers: { beta: { exact: 'yes' } } }], route: [to('reviews')] }],
        }),
        routed('b', {
          hosts: ['*'],
          gateways: ['edge'],
          http: [{ match: [{ uri: { prefix: '/a' }, headers: { beta: { exact: 'no' } } }], route: [to('reviews')] }],
        }),
      ]),
      [],
    );
  });
});
