import assert from 'node:assert/strict';
import { appliedFields } from '../../provider/route-state';
import { route } from '../support/routes';

const stated = {
  ...route({ v1: 100 }),
  metadata: { name: 'reviews', namespace: 'bookinfo', labels: { app: 'reviews' } },
};
const live = {
  ...stated,
  metadata: { ...stated.metadata, uid: '1', labels: { app: 'reviews', team: 'a' }, annotations: { seen: 'by others' } },
  status: { observedGeneration: 1 },
};

describe('drift', () => {
  it('does not include fields that others added', () => {
    assert.equal(appliedFields(stated, live), stated);
  });

  it('includes every difference in applied fields', () => {
    const edited = { ...live, ...route({ v1: 1, v2: 99 }), metadata: { ...live.metadata, labels: { team: 'a' } } };
    assert.deepEqual(appliedFields(stated, edited), {
      ...route({ v1: 1, v2: 99 }),
      metadata: { name: 'reviews', namespace: 'bookinfo', labels: {} },
    });
    const { apiVersion, kind, metadata } = stated;
    assert.deepEqual(appliedFields(stated, { apiVersion, kind, metadata }), { apiVersion, kind, metadata });
  });
});
