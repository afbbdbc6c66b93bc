import assert from 'node:assert/strict';
import { gatewayLabel } from '../../../mesh/manifests/gateway-workload';
import { apiGroup, defined, objectKey, objectTitle, originOf } from '../../../mesh/manifests/kubernetes';
import { versionRuleName } from '../../../mesh/manifests/routes';

describe('Kubernetes objects', () => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'reviews', namespace: 'bookinfo' } };
  const route = { ...service, apiVersion: 'networking.istio.io/v1', kind: 'VirtualService' };

  it('have a group, a title, and an identity that is the same in every version of the API', () => {
    assert.equal(apiGroup('v1'), '');
    assert.equal(apiGroup('networking.istio.io/v1'), 'networking.istio.io');
    assert.equal(objectTitle(route), 'VirtualService bookinfo/reviews');
    assert.equal(objectTitle({ kind: 'Namespace', metadata: { name: 'bookinfo' } }), 'Namespace bookinfo');
    assert.equal(objectKey(route), objectKey({ ...route, apiVersion: 'networking.istio.io/v1alpha3' }));
    assert.notEqual(objectKey(service), objectKey({ ...service, apiVersion: 'serving.knative.dev/v1' }));
    assert.notEqual(objectKey(service), objectKey({ ...service, metadata: { name: 'reviews', namespace: 'other' } }));
    assert.notEqual(objectKey(service), objectKey({ ...service, metadata: { name: 'reviews' } }));
  });

  it('keep every defined field', () => {
    assert.deepEqual(defined({ a: 0, b: '', c: false, d: {}, e: null, f: undefined }), {
      a: 0,
      b: '',
      c: false,
      d: {},
      e: null,
    });
  });

  it('keep a field of any name as a field', () => {
    for (const other of [0, undefined]) {
      const fields = JSON.parse('{ "__proto__": { "a": 1 }, "other": 0 }') as { other: number | undefined };
      const kept = defined({ ...fields, other });
      assert.deepEqual(Object.keys(kept), other === undefined ? ['__proto__'] : ['__proto__', 'other']);
      assert.equal(Object.getPrototypeOf(kept), Object.prototype);
    }
  });
});

describe('names', () => {
  it('are those of the walkthroughs and of Istio’s chart', () => {
    assert.equal(versionRuleName('reviews', 'v1'), 'reviews.v1');
    assert.equal(gatewayLabel('istio-ingressgateway'), 'ingressgateway');
    assert.equal(gatewayLabel('edge'), 'edge');
  });
});

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };

describe('originOf', () => {
  const rendered = {
    object,
    origin: 'whole',
    origins: { 'spec.http[1]': 'second', 'spec.http[1].route[0]': 'route', 'spec.http[11]': 'twelfth' },
  };

  it('is the origin of the longest path that contains the given one', () => {
    assert.equal(originOf(rendered, 'spec.http[1].route[0].weight'), 'route');
    assert.equal(originOf(rendered, 'spec.http[1].route[0]'), 'route');
    assert.equal(originOf(rendered, 'spec.http[1].timeout'), 'second');
    assert.equal(originOf(rendered, 'spec.http[11].timeout'), 'twelfth');
  });

  it('is that of the object where no path contains it', () => {
    assert.equal(originOf(rendered, 'spec.http[12]'), 'whole');
    assert.equal(originOf(rendered, 'spec.https'), 'whole');
    assert.equal(originOf({ object, origin: 'whole' }, 'spec'), 'whole');
  });
});
