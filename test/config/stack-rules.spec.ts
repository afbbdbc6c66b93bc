import assert from 'node:assert/strict';
import { problemsOf } from './support';

const undeclared = (name: string) => `namespace "${name}" is not declared under meshwright:namespaces`;
const bookinfoGateway = { gw: { gateways: { bookinfo: { 'bookinfo-gateway': {} } } } };

describe('namespaces of a stack file', () => {
  it('fail if they are not declared, in every section', () => {
    const found = problemsOf({
      namespaces: { bookinfo: {} },
      gateways: {
        there: { install: false, namespace: 'edge' },
        gw: { gateways: { shop: { shop: {} } } },
      },
      apps: { httpbin: { namespace: 'bookinf' } },
      routes: { mall: { cart: {} } },
      objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'books' }, data: {} }],
    });
    assert.deepEqual(found, [
      {
        path: 'meshwright:gateways.there.namespace',
        value: 'edge',
        message: undeclared('edge'),
        hint: 'add edge: {} to meshwright:namespaces',
      },
      {
        path: 'meshwright:gateways.gw.gateways.shop',
        value: { shop: {} },
        message: undeclared('shop'),
        hint: 'add shop: {} to meshwright:namespaces',
      },
      {
        path: 'meshwright:apps.httpbin.namespace',
        value: 'bookinf',
        message: undeclared('bookinf'),
        hint: 'did you mean "bookinfo"?',
      },
      {
        path: 'meshwright:routes.mall',
        value: { cart: {} },
        message: undeclared('mall'),
        hint: 'add mall: {} to meshwright:namespaces',
      },
      {
        path: 'meshwright:objects[0].metadata.namespace',
        value: 'books',
        message: undeclared('books'),
        hint: 'add books: {} to meshwright:namespaces',
      },
    ]);
  });

  it('need no declaration if every cluster has them, the stack creates them, or the policy declares them', () => {
    const found = problemsOf({
      istio: {},
      gateways: { gw: {} },
      routes: {
        default: { a: {} },
        'kube-system': { a: {} },
        'istio-system': { a: {} },
        'istio-ingress': { a: {} },
        far: { a: {} },
      },
      objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: '' }, data: {} }],
      policy: { externals: { namespaces: ['far'] } },
    });
    assert.deepEqual(found, []);
  });

  it('may all be declared as external', () => {
    assert.deepEqual(problemsOf({ routes: { far: { a: {} } }, policy: { externals: { namespaces: ['*'] } } }), []);
  });

  it('are not reported as missing because of another mistake', () => {
    const found = problemsOf({
      namespaces: { bookinfo: { injektion: true }, shop: 5 },
      routes: { bookinfo: { a: {} }, shop: { a: {} } },
    });
    assert.deepEqual(
      found.map(({ path }) => path),
      ['meshwright:namespaces.bookinfo.injektion', 'meshwright:namespaces.shop'],
    );
  });

  it('fail with two ways of injection', () => {
    const settings = { injection: true, revision: 'canary' };
    assert.deepEqual(problemsOf({ namespaces: { shop: settings } }), [
      {
        path: 'meshwright:namespaces.shop',
        value: settings,
        message:
          'injection and revision exclude each other: keep revision for a control plane revision, injection otherwise',
      },
    ]);
  });

  it('fail with existing: false if every cluster has them', () => {
    assert.deepEqual(problemsOf({ namespaces: { default: { existing: false } } }), [
      {
        path: 'meshwright:namespaces.default.existing',
        value: false,
        message: 'default exists in every cluster, so existing must be true',
      },
    ]);
  });
});

describe('gateways of a route', () => {
  const routed = (gateways: string[], sections: object = {}) =>
    problemsOf({
      namespaces: { bookinfo: {}, shop: {} },
      gateways: bookinfoGateway,
      routes: { bookinfo: { reviews: { gateways } } },
      ...sections,
    });
  const at = 'meshwright:routes.bookinfo.reviews.gateways[0]';

  it('may be the mesh, one of the stack by name or with its namespace, or a verbatim object', () => {
    const object = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'own', namespace: 'shop' },
    };
    assert.deepEqual(
      routed(['mesh', 'bookinfo-gateway', 'bookinfo/bookinfo-gateway', 'shop/own'], { objects: [object] }),
      [],
    );
  });

  it('may be declared as external', () => {
    assert.deepEqual(routed(['far/gateway'], { policy: { externals: { gateways: ['far/gateway'] } } }), []);
    assert.deepEqual(routed(['far/gateway'], { policy: { externals: { gateways: ['*'] } } }), []);
  });

  it('are known by their names in the cluster', () => {
    const gateways = { gw: { gateways: { bookinfo: { key: { name: 'named' } } } } };
    assert.deepEqual(routed(['named'], { gateways }), []);
    assert.deepEqual(routed(['key'], { gateways }), [
      { path: at, value: 'key', message: 'there is no Istio Gateway bookinfo/key; there are bookinfo/named' },
    ]);
  });

  it('fail if none has the name, and suggest the one that was meant', () => {
    const message = (name: string) => `there is no Istio Gateway ${name}; there are bookinfo/bookinfo-gateway`;
    assert.deepEqual(routed(['bokinfo-gateway']), [
      {
        path: at,
        value: 'bokinfo-gateway',
        message: message('bookinfo/bokinfo-gateway'),
        hint: 'did you mean "bookinfo-gateway"?',
      },
    ]);
    assert.deepEqual(routed(['istio-system/bookinfo-gateway']), [
      { path: at, value: 'istio-system/bookinfo-gateway', message: message('istio-system/bookinfo-gateway') },
    ]);
  });

  it('fail with only a name if the gateway is in another namespace', () => {
    const gateways = { gw: { gateways: { shop: { edge: {} } } } };
    assert.deepEqual(routed(['edge'], { gateways }), [
      {
        path: at,
        value: 'edge',
        message: 'there is no Istio Gateway bookinfo/edge; there are shop/edge',
        hint: 'did you mean "shop/edge"?',
      },
    ]);
  });

  it('fail in a stack without gateways', () => {
    assert.deepEqual(routed(['edge'], { gateways: {} }), [
      { path: at, value: 'edge', message: 'there is no Istio Gateway bookinfo/edge; the stack has none' },
    ]);
  });

  it('are not judged if the gateways themselves are broken', () => {
    const broken = { gw: { gateways: { bookinfo: { 'bookinfo-gateway': 5 } } } };
    assert.deepEqual(
      routed(['bookinfo-gateway'], { gateways: broken }).map(({ path }) => path),
      ['meshwright:gateways.gw.gateways.bookinfo.bookinfo-gateway'],
    );
  });
});

describe('the charts of a stack file', () => {
  it('fail from two places', () => {
    const charts = { path: 'charts', oci: 'oci://registry.example/charts' };
    const message = 'charts come from one place: keep one of oci, path';
    assert.deepEqual(problemsOf({ istio: { charts }, addons: { charts } }), [
      { path: 'meshwright:istio.charts', value: charts, message },
      { path: 'meshwright:addons.charts', value: charts, message },
    ]);
  });

  it('fail from a registry without its scheme', () => {
    assert.deepEqual(problemsOf({ istio: { charts: { oci: 'registry.example/charts' } } }), [
      { path: 'meshwright:istio.charts.oci', value: 'registry.example/charts', message: 'must start with oci://' },
    ]);
  });
});

describe('apps and addons of a stack file', () => {
  it('fail with the problems of the manifests', () => {
    const found = problemsOf({
      istio: {},
      namespaces: { shop: {} },
      apps: { shop: { namespace: 'shop' } },
      addons: { kiali: { service: { nodePort: 30001 } } },
    });
    assert.deepEqual(found, [
      {
        path: 'meshwright:apps.shop',
        value: { namespace: 'shop' },
        message:
          'an app needs workloads, or the name of a sample app as its key or in `app`: bookinfo, tutorial, mall, httpbin, fortio, hello, userlist, curltest, octopus',
      },
      {
        path: 'meshwright:addons.kiali.service.nodePort',
        value: 30001,
        message: 'a nodePort needs `type: NodePort`',
      },
    ]);
  });
});

describe('objects of a stack', () => {
  it('fail if two keys create the same object', () => {
    const object = {
      apiVersion: 'networking.istio.io/v1beta1',
      kind: 'VirtualService',
      metadata: { name: 'reviews', namespace: 'default' },
      spec: { hosts: ['reviews'], http: [{ route: [{ destination: { host: 'reviews' } }] }] },
    };
    const found = problemsOf({
      routes: { default: { reviews: { http: [{}] } } },
      objects: [object],
    });
    assert.deepEqual(found, [
      {
        path: 'meshwright:objects[0]',
        value: object,
        message:
          'VirtualService default/reviews is created twice, here and by meshwright:routes.default.reviews; rename or remove one of them',
      },
    ]);
  });

  it('fail if two releases have the same name', () => {
    assert.deepEqual(problemsOf({ istio: {}, gateways: { istiod: { namespace: 'istio-system' } } }), [
      {
        path: 'meshwright:gateways.istiod',
        value: { namespace: 'istio-system' },
        message:
          'Helm release istio-system/istiod is created twice, here and by meshwright:istio; rename or remove one of them',
      },
    ]);
  });
});

describe('what a stack file adopts', () => {
  const stack = (adopt: unknown): object => ({
    istio: {},
    namespaces: { shop: {} },
    routes: { shop: { pay: { http: [{}] } } },
    adopt,
  });

  it('is all, nothing, or objects and releases that the stack makes', () => {
    const good = [true, false, [], ['VirtualService shop/pay', 'Release istio-system/istiod', 'Namespace shop']];
    assert.deepEqual(
      good.flatMap((adopt) => problemsOf(stack(adopt))),
      [],
    );
  });

  it('fails when the stack does not make it', () => {
    assert.deepEqual(problemsOf(stack(['VirtualService shop/pya', 'ConfigMap shop/note'])), [
      {
        path: 'meshwright:adopt[0]',
        value: 'VirtualService shop/pya',
        message: 'the stack makes no such object',
        hint: 'did you mean "VirtualService shop/pay"?',
      },
      { path: 'meshwright:adopt[1]', value: 'ConfigMap shop/note', message: 'the stack makes no such object' },
    ]);
  });

  it('fails when it is no title', () => {
    assert.deepEqual(problemsOf(stack(['shop/pay'])), [
      {
        path: 'meshwright:adopt[0]',
        value: 'shop/pay',
        message: 'must be KIND NAMESPACE/NAME, e.g. VirtualService shop/pay',
      },
    ]);
  });
});
