import assert from 'node:assert/strict';
import type { RouteSettings } from '../../../mesh/manifests/settings';
import { virtualService } from '../../../mesh/manifests/routes';

const origin = 'meshwright:routes.bookinfo.reviews';

function rendered(route: RouteSettings) {
  return virtualService('bookinfo', 'reviews', route, origin);
}

function specOf(route: RouteSettings): unknown {
  return rendered(route)?.object.spec;
}

const toVersion = (subset: string, weight = 100) => ({ destination: { host: 'reviews', subset }, weight });

describe('virtualService', () => {
  it('splits over the versions, with zeros, in the order of the weights', () => {
    assert.deepEqual(rendered({ versions: ['v1', 'v2', 'v3'], weights: { v3: 0, v1: 'rest', v2: 10 } }), {
      object: {
        kind: 'VirtualService',
        apiVersion: 'networking.istio.io/v1',
        metadata: { name: 'reviews', namespace: 'bookinfo' },
        spec: {
          hosts: ['reviews'],
          http: [{ route: [toVersion('v3', 0), toVersion('v1', 90), toVersion('v2', 10)] }],
        },
      },
      origin,
      origins: {
        'spec.http[0]': origin,
        'spec.http[0].route[0]': `${origin}.weights.v3`,
        'spec.http[0].route[1]': `${origin}.weights.v1`,
        'spec.http[0].route[2]': `${origin}.weights.v2`,
      },
    });
  });

  it('is undefined without routes', () => {
    assert.equal(rendered({ versions: ['v1'] }), undefined);
    assert.equal(rendered({ versions: ['v1'], http: [], trafficPolicy: {} }), undefined);
  });

  it('puts the split last, after all rules of the service', () => {
    const match = [{ headers: { 'end-user': { exact: 'jason' } } }];
    const fault = { abort: { httpStatus: 500, percentage: { value: 0 } } };
    const route: RouteSettings = {
      weights: { v1: 100 },
      http: [
        { match, weights: { v2: 100 } },
        { match, fault },
      ],
    };
    assert.deepEqual(specOf(route), {
      hosts: ['reviews'],
      http: [
        { match, route: [toVersion('v2')] },
        { match, fault, route: [toVersion('v1')] },
        { route: [toVersion('v1')] },
      ],
    });
    assert.deepEqual(rendered(route)?.origins, {
      'spec.http[0]': `${origin}.http[0]`,
      'spec.http[0].route[0]': `${origin}.http[0].weights.v2`,
      'spec.http[1]': `${origin}.http[1]`,
      'spec.http[1].route[0]': `${origin}.weights.v1`,
      'spec.http[2]': origin,
      'spec.http[2].route[0]': `${origin}.weights.v1`,
    });
  });

  it('adds no last rule when a rule without a match exists', () => {
    assert.deepEqual(specOf({ weights: { v1: 100 }, http: [{ timeout: '1s' }] }), {
      hosts: ['reviews'],
      http: [{ timeout: '1s', route: [toVersion('v1')] }],
    });
    assert.deepEqual(specOf({ weights: { v1: 100 }, http: [{ match: [], retries: { attempts: 0 } }] }), {
      hosts: ['reviews'],
      http: [{ match: [], retries: { attempts: 0 }, route: [toVersion('v1')] }],
    });
  });

  it('exposes at a gateway only what the rules match', () => {
    const match = [{ uri: { prefix: '/reviews' } }];
    const atGateway = { gateways: ['edge'], hosts: ['*'], weights: { v1: 100 } };
    assert.deepEqual(specOf({ ...atGateway, http: [{ match }] }), {
      gateways: ['edge'],
      hosts: ['*'],
      http: [{ match, route: [toVersion('v1')] }],
    });
    assert.deepEqual(specOf({ ...atGateway, gateways: ['edge', 'mesh'], http: [{ match }] }), {
      gateways: ['edge', 'mesh'],
      hosts: ['*'],
      http: [{ match, route: [toVersion('v1')] }, { route: [toVersion('v1')] }],
    });
    assert.deepEqual(specOf({ ...atGateway, http: [{ match, redirect: { uri: '/' } }] }), {
      gateways: ['edge'],
      hosts: ['*'],
      http: [{ match, redirect: { uri: '/' } }, { route: [toVersion('v1')] }],
    });
  });

  it('does not change rules with their own destination or answer', () => {
    const http = [
      { route: [{ destination: { host: 'other' }, weight: 0 }] },
      { redirect: { uri: '/' } },
      { directResponse: { status: 503 } },
      { delegate: { name: 'other' } },
    ];
    assert.deepEqual(specOf({ http }), { hosts: ['reviews'], http });
  });

  it('sends rules without weights to the host, at its port', () => {
    const http = [{ match: [{ uri: { exact: '/' } }], rewrite: { uri: '/x' } }];
    assert.deepEqual(specOf({ host: 'reviews.other', port: 9080, http }), {
      hosts: ['reviews.other'],
      http: [{ ...http[0], route: [{ destination: { host: 'reviews.other', port: { number: 9080 } } }] }],
    });
  });

  it('routes tcp and tls without a last rule', () => {
    const match = [{ sniHosts: ['reviews'], port: 443 }];
    const route: RouteSettings = {
      weights: { v1: 'rest', v2: 20 },
      tcp: [{ match: [{ port: 9000 }] }],
      tls: [{ match, weights: { v2: 100 } }],
    };
    assert.deepEqual(specOf(route), {
      hosts: ['reviews'],
      tls: [{ match, route: [toVersion('v2')] }],
      tcp: [{ match: [{ port: 9000 }], route: [toVersion('v1', 80), toVersion('v2', 20)] }],
    });
    assert.deepEqual(rendered(route)?.origins, {
      'spec.tls[0]': `${origin}.tls[0]`,
      'spec.tls[0].route[0]': `${origin}.tls[0].weights.v2`,
      'spec.tcp[0]': `${origin}.tcp[0]`,
      'spec.tcp[0].route[0]': `${origin}.weights.v1`,
      'spec.tcp[0].route[1]': `${origin}.weights.v2`,
    });
  });

  it('has the metadata and visibility of the settings', () => {
    const settings = {
      name: 'vsvc-reviews',
      apiVersion: 'networking.istio.io/v1alpha3' as const,
      labels: { a: 'b' },
      annotations: { c: 'd' },
      exportTo: ['.'],
    };
    assert.deepEqual(rendered({ weights: { v1: 100 }, virtualService: settings })?.object, {
      kind: 'VirtualService',
      apiVersion: 'networking.istio.io/v1alpha3',
      metadata: { name: 'vsvc-reviews', namespace: 'bookinfo', labels: { a: 'b' }, annotations: { c: 'd' } },
      spec: { exportTo: ['.'], hosts: ['reviews'], http: [{ route: [toVersion('v1')] }] },
    });
  });
});
