import assert from 'node:assert/strict';
import {
  describesNamespaces,
  describesWorkloads,
  isDescribed,
  lookUpGateway,
  lookUpHost,
  namespaceExists,
  type HostLookup,
} from '../../../mesh/model/externals';
import { meshModel, type MeshOptions } from '../../../mesh/model/mesh-model';
import { deployment, objects, service } from './objects';

const shop = [service('cart'), deployment('cart', { app: 'cart' })];

describe('a host that an object names', () => {
  const cases: [string, string, MeshOptions, object][] = [
    ['is known by its short name', 'cart', {}, { is: 'known', service: 'shop/cart' }],
    ['is known by its FQDN', 'cart.shop.svc.cluster.local', {}, { is: 'known', service: 'shop/cart' }],
    ['is missing where the input describes its namespace', 'web', {}, { is: 'missing', because: 'namespace' }],
    ['is missing when the input is complete', 'cart.far.svc.cluster.local', { complete: true }, complete()],
    ['is unknown in a namespace that the input does not describe', 'cart.far.svc.cluster.local', {}, { is: 'unknown' }],
    ['is unknown outside the cluster', 'api.example.com', {}, { is: 'unknown' }],
    ['is missing outside the cluster when the input is complete', 'api.example.com', { complete: true }, complete()],
    [
      'is unknown when declared',
      'api.example.com',
      { complete: true, externals: { hosts: ['*.example.com'] } },
      { is: 'unknown' },
    ],
    ['is unknown when every host is declared', 'web', { externals: { hosts: ['*'] } }, { is: 'unknown' }],
    ['is missing when it is a Service name with a namespace', 'cart.shop', {}, { is: 'missing', because: 'shortName' }],
    [
      'is missing when it is a Service name that ends in svc',
      'cart.shop.svc',
      {},
      { is: 'missing', because: 'shortName' },
    ],
  ];
  for (const [title, host, options, expected] of cases) {
    it(title, () => {
      assert.deepEqual(shown(lookUpHost(meshModel(shop, options), host, 'shop')), expected);
    });
  }

  it('is hidden when its service is not exported to the namespace', () => {
    const hidden = service('cart');
    hidden.metadata.annotations = { 'networking.istio.io/exportTo': '.' };
    const found = lookUpHost(meshModel([hidden]), 'cart.shop.svc.cluster.local', 'front');
    assert.deepEqual(shown(found), { is: 'hidden', service: 'shop/cart' });
  });

  it('is unknown when a controller makes its Service', () => {
    const made = objects(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec: { gatewayClassName: istio }
---
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: books, namespace: shop }
spec: { targetRef: { apiVersion: apps/v1, kind: Deployment, name: books } }
`);
    const mesh = meshModel([...shop, ...made]);
    assert.deepEqual(
      ['edge', 'edge-istio', 'books', 'books-primary', 'books-canary', 'books-other'].map(
        (host) => lookUpHost(mesh, host, 'shop').is,
      ),
      ['unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'missing'],
    );
  });
});

describe('a Gateway that an object names', () => {
  it('is known, missing in a complete input, and unknown otherwise', () => {
    const gateway = objects(`
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: public, namespace: edge }
spec: { servers: [] }
`);
    const declared = { complete: true, externals: { gateways: ['edge/*'] } };
    const answers = [{}, { complete: true }, declared].map((options) =>
      ['edge/public', 'edge/other', 'public', 'mesh'].map(
        (reference) => lookUpGateway(meshModel(gateway, options), reference, 'shop').is,
      ),
    );
    assert.deepEqual(answers, [
      ['known', 'unknown', 'unknown', 'mesh'],
      ['known', 'missing', 'missing', 'mesh'],
      ['known', 'unknown', 'missing', 'mesh'],
    ]);
  });
});

describe('a namespace that an object names', () => {
  it('exists among the objects, in every cluster, or by declaration', () => {
    const front = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'front' } };
    const answers = [
      meshModel(shop),
      meshModel([...shop, front]),
      meshModel(shop, { complete: true }),
      meshModel([...shop, front], { externals: { namespaces: ['far'] } }),
      meshModel(shop, { externals: { namespaces: ['*'] } }),
    ].map((mesh) => [
      describesNamespaces(mesh),
      ...['shop', 'default', 'front', 'far'].map((name) => namespaceExists(mesh, name)),
    ]);
    assert.deepEqual(answers, [
      [false, true, true, false, false],
      [true, true, true, true, false],
      [true, true, true, false, false],
      [true, true, true, true, true],
      [false, true, true, true, true],
    ]);
  });

  it('is described by its Services and workloads, and its workloads by workloads alone', () => {
    const answers = [meshModel([service('cart')]), meshModel(shop), meshModel([], { complete: true })].map((mesh) => [
      isDescribed(mesh, 'shop'),
      describesWorkloads(mesh, 'shop'),
      isDescribed(mesh, 'front'),
    ]);
    assert.deepEqual(answers, [
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });
});

function complete(): object {
  return { is: 'missing', because: 'complete' };
}

/** With a service by namespace and name. */
function shown(found: HostLookup): object {
  return 'service' in found ? { ...found, service: `${found.service.namespace}/${found.service.name}` } : found;
}
