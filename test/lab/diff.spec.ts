import assert from 'node:assert/strict';
import { fieldChanges } from '../../lab/apply/diff';

describe('fieldChanges', () => {
  const live = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: {
      name: 'reviews',
      namespace: 'bookinfo',
      uid: 'u',
      resourceVersion: '7',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      managedFields: [{ manager: 'meshwright' }],
      labels: { 'applyset.kubernetes.io/part-of': 'applyset-x-v1' },
    },
    spec: { hosts: ['reviews'], http: [{ route: [{ weight: 90 }, { weight: 10 }] }] },
    status: { validated: false },
  };

  it('tells nothing of what the API server notes by itself', () => {
    const wanted = { ...live, metadata: { name: 'reviews', namespace: 'bookinfo', generation: 2 }, status: undefined };
    assert.deepEqual(fieldChanges(live, wanted), []);
  });

  it('names each changed weight by its place', () => {
    const wanted = { ...live, spec: { hosts: ['reviews'], http: [{ route: [{ weight: 75 }, { weight: 25 }] }] } };
    assert.deepEqual(fieldChanges(live, wanted), [
      { path: 'spec.http[0].route[0].weight', from: 90, to: 75 },
      { path: 'spec.http[0].route[1].weight', from: 10, to: 25 },
    ]);
  });

  it('tells added and removed fields and list entries apart, and keeps 0, empty and false', () => {
    const from = { spec: { gone: false, list: [1, 2], empty: {} } };
    const to = { spec: { list: [1], empty: {}, added: 0, text: '' } };
    assert.deepEqual(fieldChanges(from, to), [
      { path: 'spec.gone', from: false },
      { path: 'spec.list[1]', from: 2 },
      { path: 'spec.added', to: 0 },
      { path: 'spec.text', to: '' },
    ]);
  });

  it('tells a number from the text that looks like it', () => {
    assert.deepEqual(fieldChanges({ spec: { a: 1 } }, { spec: { a: '1' } }), [{ path: 'spec.a', from: 1, to: '1' }]);
  });

  it('quotes keys with dots, and sees the first and the last label', () => {
    const bare = { metadata: { name: 'a' } };
    const labelled = { metadata: { name: 'a', labels: { 'app.kubernetes.io/name': 'x' } } };
    const path = 'metadata.labels["app.kubernetes.io/name"]';
    assert.deepEqual(fieldChanges(bare, labelled), [{ path, to: 'x' }]);
    assert.deepEqual(fieldChanges(labelled, bare), [{ path, from: 'x' }]);
  });

  it('does not count what client-side kubectl apply leaves behind', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    assert.deepEqual(fieldChanges({ metadata: { name: 'a', annotations } }, { metadata: { name: 'a' } }), []);
  });

  it('never shows what is in a Secret', () => {
    const from = { kind: 'Secret', metadata: { name: 's' }, data: { key: 'b2xk' }, type: 'Opaque' };
    const to = { ...from, data: { key: 'bmV3', other: 'eA==' }, type: 'tls' };
    assert.deepEqual(fieldChanges(from, to), [
      { path: 'data.key', from: '(secret)', to: '(secret)' },
      { path: 'data.other', to: '(secret)' },
      { path: 'type', from: 'Opaque', to: 'tls' },
    ]);
  });
});
