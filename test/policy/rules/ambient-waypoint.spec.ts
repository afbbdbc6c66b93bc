import assert from 'node:assert/strict';
import { ambientWaypoint } from '../../../policy/rules/ambient-waypoint';
import {
  authorizationPolicy,
  destinationRule,
  finding,
  judged,
  namespace,
  object,
  requestAuthentication,
  service,
  sidecar,
  to,
  virtualService,
} from '../mesh-objects';

const ambient = (labels = {}) => namespace('bookinfo', { 'istio.io/dataplane-mode': 'ambient', ...labels });
const enrolled = ambient({ 'istio.io/use-waypoint': 'waypoint' });
const reviews = virtualService('reviews', { hosts: ['reviews'], http: [{ route: [to('reviews')] }] });
const methods = { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] };

describe('ambient-waypoint', () => {
  it('refuses routes and rules that read HTTP without a waypoint', () => {
    assert.deepEqual(
      judged(ambientWaypoint, [
        ambient(),
        service('reviews'),
        reviews,
        destinationRule('reviews', { host: 'reviews', trafficPolicy: { outlierDetection: {} } }),
      ]),
      [
        finding(
          ambientWaypoint,
          'DestinationRule bookinfo/reviews',
          'spec.host',
          '"outlierDetection" needs a waypoint, and Service bookinfo/reviews uses none; label it or namespace bookinfo with istio.io/use-waypoint',
        ),
        finding(
          ambientWaypoint,
          'VirtualService bookinfo/reviews',
          'spec.hosts[0]',
          '"http" needs a waypoint, and Service bookinfo/reviews uses none; label it or namespace bookinfo with istio.io/use-waypoint',
        ),
      ],
    );
  });

  it('accepts them with a waypoint of the namespace or the Service', () => {
    assert.deepEqual(judged(ambientWaypoint, [enrolled, service('reviews'), reviews]), []);
  });

  it('accepts a Service with its own waypoint, and refuses one that opts out', () => {
    assert.deepEqual(
      judged(ambientWaypoint, [
        ambient(),
        service('reviews', [80], { labels: { 'istio.io/use-waypoint': 'own' } }),
        reviews,
        service('ratings', [80], { labels: { 'istio.io/use-waypoint': 'none' } }),
        virtualService('ratings', { hosts: ['ratings'], http: [{ route: [to('ratings')] }] }),
      ]),
      [
        finding(
          ambientWaypoint,
          'VirtualService bookinfo/ratings',
          'spec.hosts[0]',
          '"http" needs a waypoint, and Service bookinfo/ratings uses none; label it or namespace bookinfo with istio.io/use-waypoint',
        ),
      ],
    );
  });

  it('ignores TCP, sidecars and gateways', () => {
    assert.deepEqual(
      judged(ambientWaypoint, [
        ambient(),
        service('db'),
        virtualService('db', { hosts: ['db'], tcp: [{ route: [to('db')] }] }),
        virtualService('edge', { hosts: ['db'], gateways: ['edge'], http: [{ route: [to('db')] }] }),
        namespace('side', { 'istio-injection': 'enabled' }),
        service('a', [80], { namespace: 'side' }),
        virtualService('a', { hosts: ['a'], http: [{ route: [to('a')] }] }, { namespace: 'side' }),
      ]),
      [],
    );
  });

  it('requires routes in the namespace of the Service', () => {
    assert.deepEqual(
      judged(ambientWaypoint, [
        enrolled,
        service('reviews'),
        virtualService(
          'theirs',
          {
            hosts: ['reviews.bookinfo.svc.cluster.local'],
            http: [{ route: [to('reviews.bookinfo.svc.cluster.local')] }],
          },
          { namespace: 'shop' },
        ),
      ]),
      [
        finding(
          ambientWaypoint,
          'VirtualService shop/theirs',
          'spec.hosts[0]',
          'waypoints take a VirtualService from the namespace of its Service only; move it to namespace bookinfo',
        ),
      ],
    );
  });

  it('requires targetRefs for policies that read HTTP', () => {
    assert.deepEqual(
      judged(ambientWaypoint, [enrolled, authorizationPolicy('a', methods), requestAuthentication('b', {})]),
      [
        finding(
          ambientWaypoint,
          'AuthorizationPolicy bookinfo/a',
          'spec.targetRefs',
          '"methods" needs a waypoint, and waypoints take only policies with targetRefs; attach it to a Service or to the waypoint\'s Gateway',
        ),
        finding(
          ambientWaypoint,
          'RequestAuthentication bookinfo/b',
          'spec.targetRefs',
          "a RequestAuthentication needs a waypoint, and waypoints take only policies with targetRefs; attach it to a Service or to the waypoint's Gateway",
        ),
      ],
    );
  });

  it('accepts policies on connections, and those with targetRefs', () => {
    assert.deepEqual(
      judged(ambientWaypoint, [
        enrolled,
        service('reviews'),
        authorizationPolicy('a', { rules: [{ from: [{ source: { namespaces: ['x'] } }] }] }),
        authorizationPolicy('b', { ...methods, targetRefs: [{ kind: 'Service', name: 'reviews' }] }),
        authorizationPolicy('c', {
          ...methods,
          targetRefs: [{ kind: 'Gateway', group: 'gateway.networking.k8s.io', name: 'waypoint' }],
        }),
      ]),
      [],
    );
  });

  it('requires a waypoint for the targets of a policy', () => {
    assert.deepEqual(
      judged(ambientWaypoint, [
        ambient(),
        service('reviews'),
        authorizationPolicy('b', { ...methods, targetRefs: [{ kind: 'Service', name: 'reviews' }] }),
      ]),
      [
        finding(
          ambientWaypoint,
          'AuthorizationPolicy bookinfo/b',
          'spec',
          'the targets in namespace bookinfo use no waypoint, and ztunnel cannot apply this; label the Service with istio.io/use-waypoint',
        ),
      ],
    );
  });

  it('reports that a waypoint of this name is missing', () => {
    assert.deepEqual(
      judged(ambientWaypoint, [
        ambient({ 'istio.io/use-waypoint': 'waypiont' }),
        object('gateway.networking.k8s.io/v1', 'Gateway', 'waypoint', { gatewayClassName: 'istio-waypoint' }),
      ]),
      [
        finding(
          ambientWaypoint,
          'Namespace /bookinfo',
          'metadata.labels["istio.io/use-waypoint"]',
          'namespace bookinfo has no waypoint "waypiont"; it has waypoint. Name one of them, or add the Gateway',
        ),
      ],
    );
  });

  it('advises on a Sidecar for workloads that have none', () => {
    assert.deepEqual(judged(ambientWaypoint, [ambient(), sidecar('default', { egress: [{ hosts: ['./*'] }] })]), [
      finding(
        ambientWaypoint,
        'Sidecar bookinfo/default',
        'spec',
        'a Sidecar has no effect on workloads in ambient mode, which have no sidecar; remove it',
        'advisory',
      ),
    ]);
  });
});
