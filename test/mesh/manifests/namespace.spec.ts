import assert from 'node:assert/strict';
import { injectionOf, isExistingNamespace, namespaceObject } from '../../../mesh/manifests/namespace';
import type { NamespaceSettings } from '../../../mesh/manifests/settings';

describe('namespaceObject', () => {
  const labels = (settings: NamespaceSettings) => namespaceObject('shop', settings).metadata.labels;

  it('has the labels that enroll it in the mesh', () => {
    assert.deepEqual(namespaceObject('shop', {}), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    assert.deepEqual(labels({ injection: true }), { 'istio-injection': 'enabled' });
    assert.deepEqual(labels({ injection: false }), { 'istio-injection': 'disabled' });
    assert.deepEqual(labels({ revision: 'canary' }), { 'istio.io/rev': 'canary' });
    assert.deepEqual(labels({ ambient: true }), { 'istio.io/dataplane-mode': 'ambient' });
    assert.equal(labels({ ambient: false }), undefined);
  });

  it('has the labels and annotations of the settings', () => {
    const settings = { injection: true, labels: { team: 'a' }, annotations: { b: 'c' } };
    assert.deepEqual(namespaceObject('shop', settings).metadata, {
      name: 'shop',
      labels: { 'istio-injection': 'enabled', team: 'a' },
      annotations: { b: 'c' },
    });
  });
});

describe('injectionOf', () => {
  it('describes the injection of a namespace in one word', () => {
    assert.deepEqual(
      [
        undefined,
        {},
        { injection: true },
        { injection: false },
        { revision: 'canary' },
        { labels: { 'istio.io/rev': 'stable' } },
      ].map(injectionOf),
      ['none', 'none', 'enabled', 'disabled', 'canary', 'stable'],
    );
  });
});

describe('isExistingNamespace', () => {
  it('is true for the namespaces of every cluster and for those that the settings mark', () => {
    assert.equal(isExistingNamespace('default', {}), true);
    assert.equal(isExistingNamespace('kube-system', {}), true);
    assert.equal(isExistingNamespace('shop', {}), false);
    assert.equal(isExistingNamespace('shop', { existing: true }), true);
    assert.equal(isExistingNamespace('default', { existing: false }), false);
  });
});
