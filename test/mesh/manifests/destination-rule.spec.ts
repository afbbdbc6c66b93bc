import assert from 'node:assert/strict';
import { destinationRules } from '../../../mesh/manifests/routes';
import type { RouteSettings } from '../../../mesh/manifests/settings';

const origin = 'meshwright:routes.bookinfo.reviews';
const trafficPolicy = { connectionPool: { http: { http1MaxPendingRequests: 0 } } };

function rules(route: RouteSettings) {
  return destinationRules('bookinfo', 'reviews', route, origin);
}

function rule(name: string, spec: object) {
  return {
    kind: 'DestinationRule',
    apiVersion: 'networking.istio.io/v1',
    metadata: { name, namespace: 'bookinfo' },
    spec,
  };
}

describe('destinationRules', () => {
  it('are one per version, each with the policy of the service', () => {
    const versions = { v1: {}, v2: { labels: { build: '7' }, trafficPolicy: {}, name: 'second' } };
    assert.deepEqual(rules({ versions, trafficPolicy }), [
      {
        object: rule('reviews.v1', {
          host: 'reviews',
          trafficPolicy,
          subsets: [{ name: 'v1', labels: { version: 'v1' } }],
        }),
        origin,
        origins: { 'spec.subsets[0]': `${origin}.versions.v1`, 'spec.trafficPolicy': `${origin}.trafficPolicy` },
      },
      {
        object: rule('second', {
          host: 'reviews',
          trafficPolicy,
          subsets: [{ name: 'v2', labels: { build: '7' }, trafficPolicy: {} }],
        }),
        origin,
        origins: { 'spec.subsets[0]': `${origin}.versions.v2`, 'spec.trafficPolicy': `${origin}.trafficPolicy` },
      },
    ]);
  });

  it('are one with all subsets when it has a name', () => {
    const destinationRule = {
      name: 'destrule-reviews',
      exportTo: ['*'],
      workloadSelector: { matchLabels: { app: 'productpage' } },
    };
    const [only, ...others] = rules({ host: 'reviews.other', versions: ['v1', 'v2'], destinationRule });
    assert.deepEqual(others, []);
    assert.deepEqual(only, {
      object: rule('destrule-reviews', {
        exportTo: ['*'],
        host: 'reviews.other',
        subsets: [
          { name: 'v1', labels: { version: 'v1' } },
          { name: 'v2', labels: { version: 'v2' } },
        ],
        workloadSelector: { matchLabels: { app: 'productpage' } },
      }),
      origin,
      origins: { 'spec.subsets[0]': `${origin}.versions.v1`, 'spec.subsets[1]': `${origin}.versions.v2` },
    });
  });

  it('are one rule without subsets for only a policy, and none without settings', () => {
    assert.deepEqual(rules({ trafficPolicy }), [
      {
        object: rule('reviews', { host: 'reviews', trafficPolicy }),
        origin,
        origins: { 'spec.trafficPolicy': `${origin}.trafficPolicy` },
      },
    ]);
    assert.deepEqual(rules({ http: [{}] }), []);
  });

  it('have the metadata of the settings, and the name of the version’s settings', () => {
    const destinationRule = { labels: { a: 'b' }, apiVersion: 'networking.istio.io/v1beta1' as const };
    assert.deepEqual(
      rules({ versions: ['v1'], destinationRule }).map(({ object }) => [object.apiVersion, object.metadata]),
      [['networking.istio.io/v1beta1', { name: 'reviews.v1', namespace: 'bookinfo', labels: { a: 'b' } }]],
    );
  });
});
