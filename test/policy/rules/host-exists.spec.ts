import assert from 'node:assert/strict';
import { hostExists } from '../../../policy/rules/host-exists';
import {
  destinationRule,
  finding,
  gateway,
  judged,
  object,
  service,
  serviceEntry,
  to,
  virtualService,
} from '../mesh-objects';

const route = (destination: object, spec = {}) =>
  virtualService('reviews', { hosts: ['reviews'], http: [{ route: [{ destination }] }], ...spec });
const ingress = gateway('gw', {
  selector: { istio: 'ingress' },
  servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
});

describe('host-exists', () => {
  it('offers the Services of the namespace', () => {
    assert.deepEqual(judged(hostExists, [service('reviews'), service('ratings'), route({ host: 'review' })]), [
      finding(
        hostExists,
        'VirtualService bookinfo/reviews',
        'spec.http[0].route[0].destination.host',
        'there is no Service or ServiceEntry for host "review" (review.bookinfo.svc.cluster.local), so requests for it fail with 503; Services of namespace bookinfo: ratings, reviews; name one of them, add the Service, or declare the host in externals.hosts',
      ),
    ]);
  });

  it('accepts existing hosts as short names, FQDNs and in mirrors', () => {
    assert.deepEqual(
      judged(hostExists, [
        service('reviews'),
        virtualService('reviews', {
          hosts: ['reviews'],
          http: [{ route: [to('reviews')], mirror: { host: 'reviews.bookinfo.svc.cluster.local' } }],
        }),
      ]),
      [],
    );
  });

  it('reports nothing about a VirtualService alone, or namespaces that the objects do not describe', () => {
    assert.deepEqual(
      judged(hostExists, [route({ host: 'reviews' }), service('ratings', [80], { namespace: 'other' })]),
      [],
    );
  });

  it('reports every unknown host when the set is complete', () => {
    assert.deepEqual(judged(hostExists, [route({ host: 'reviews' })], { complete: true }), [
      finding(
        hostExists,
        'VirtualService bookinfo/reviews',
        'spec.http[0].route[0].destination.host',
        'there is no Service or ServiceEntry for host "reviews" (reviews.bookinfo.svc.cluster.local), so requests for it fail with 503; namespace bookinfo has no Service; add it, or declare the host in externals.hosts',
      ),
    ]);
  });

  it('accepts declared hosts', () => {
    assert.deepEqual(
      judged(hostExists, [service('ratings'), route({ host: 'reviews' })], {
        externals: { hosts: ['*.bookinfo.svc.cluster.local'] },
      }),
      [],
    );
  });

  it('explains that a name with a dot is not completed', () => {
    assert.deepEqual(judged(hostExists, [service('reviews'), route({ host: 'reviews.bookinfo' })]), [
      finding(
        hostExists,
        'VirtualService bookinfo/reviews',
        'spec.http[0].route[0].destination.host',
        'there is no Service or ServiceEntry for host "reviews.bookinfo" (reviews.bookinfo), so requests for it fail with 503; a host with a dot is not completed; write "reviews.bookinfo.svc.cluster.local"',
      ),
    ]);
  });

  it('advises on a host outside the mesh that no ServiceEntry names', () => {
    assert.deepEqual(judged(hostExists, [service('reviews'), route({ host: 'api.example.com' })]), [
      finding(
        hostExists,
        'VirtualService bookinfo/reviews',
        'spec.http[0].route[0].destination.host',
        'there is no Service or ServiceEntry for host "api.example.com" (api.example.com), so requests for it fail with 503; add a ServiceEntry for it, or declare it in externals.hosts',
        'advisory',
      ),
    ]);
  });

  it('refuses a host beneath a wildcard ServiceEntry, which makes one cluster for all of them', () => {
    assert.deepEqual(
      judged(hostExists, [
        service('reviews'),
        serviceEntry('ext', { hosts: ['*.example.com'], ports: [{ number: 443, name: 'https', protocol: 'HTTPS' }] }),
        route({ host: 'api.example.com' }),
      ]),
      [
        finding(
          hostExists,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[0].destination.host',
          'host "api.example.com" lies under *.example.com of ServiceEntry bookinfo/ext, which makes one cluster for the wildcard and none for this name, so requests for it fail with 503; add a ServiceEntry for api.example.com',
        ),
      ],
    );
  });

  it('notices that exportTo hides the Service', () => {
    assert.deepEqual(
      judged(hostExists, [
        service('reviews', [9080], { namespace: 'other', annotations: { 'networking.istio.io/exportTo': '.' } }),
        route({ host: 'reviews.other.svc.cluster.local' }),
      ]),
      [
        finding(
          hostExists,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[0].destination.host',
          'host "reviews.other.svc.cluster.local" is Service other/reviews, whose exportTo hides it from clients in namespace bookinfo: they get 503. Export it to that namespace',
        ),
      ],
    );
  });

  it('requires a port of the Service', () => {
    assert.deepEqual(judged(hostExists, [service('reviews'), route({ host: 'reviews', port: { number: 80 } })]), [
      finding(
        hostExists,
        'VirtualService bookinfo/reviews',
        'spec.http[0].route[0].destination.port.number',
        'host "reviews" has no port 80, so requests for it fail with 503; its ports are 9080',
      ),
    ]);
  });

  it('allows a route without a port if requests to each port of its host work', () => {
    assert.deepEqual(judged(hostExists, [service('reviews', [80, 9080]), route({ host: 'reviews' })]), []);
  });

  it('requires the port at a gateway whose port the Service does not have', () => {
    assert.deepEqual(
      judged(hostExists, [
        ingress,
        service('reviews', [8080, 9080]),
        route({ host: 'reviews' }, { hosts: ['*'], gateways: ['gw'] }),
      ]),
      [
        finding(
          hostExists,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[0].destination.port',
          'host "reviews" has several ports (8080, 9080) and the destination states none, so requests to port 80 go to its port 80, which it does not have; state port.number',
        ),
      ],
    );
  });

  it('only advises where the gateway is not known', () => {
    assert.deepEqual(
      judged(hostExists, [
        service('reviews', [8080, 9080]),
        route({ host: 'reviews' }, { hosts: ['*'], gateways: ['other/gw'] }),
      ]),
      [
        finding(
          hostExists,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[0].destination.port',
          'host "reviews" has several ports (8080, 9080) and the destination states none, so the request\'s own port is taken; state port.number',
          'advisory',
        ),
      ],
    );
  });

  it('uses the port of the match', () => {
    assert.deepEqual(
      judged(hostExists, [
        ingress,
        service('reviews', [80, 9080]),
        virtualService('reviews', {
          hosts: ['*'],
          gateways: ['gw'],
          http: [{ match: [{ port: 80 }], route: [to('reviews')] }],
        }),
      ]),
      [],
    );
  });

  it('tells that a DestinationRule for an unknown host has no effect', () => {
    assert.deepEqual(judged(hostExists, [service('reviews'), destinationRule('typo', { host: 'review' })]), [
      finding(
        hostExists,
        'DestinationRule bookinfo/typo',
        'spec.host',
        'host "review" names no Service or ServiceEntry (review.bookinfo.svc.cluster.local), so this rule has no effect; Services of namespace bookinfo: reviews; name one of them, add the Service, or declare the host in externals.hosts',
      ),
    ]);
  });

  it('knows the Service of a Gateway API gateway', () => {
    assert.deepEqual(
      judged(hostExists, [
        service('reviews'),
        object('gateway.networking.k8s.io/v1', 'Gateway', 'edge', { gatewayClassName: 'istio' }),
        route({ host: 'edge-istio' }),
      ]),
      [],
    );
  });
});
