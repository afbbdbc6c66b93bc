import assert from 'node:assert/strict';
import { asStated } from '../../provider/drift';
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
  it('is not what others have put on an object', () => {
    assert.equal(asStated(stated, live), stated);
  });

  it('is whatever differs in what was stated', () => {
    const edited = { ...live, ...route({ v1: 1, v2: 99 }), metadata: { ...live.metadata, labels: { team: 'a' } } };
    assert.deepEqual(asStated(stated, edited), {
      ...route({ v1: 1, v2: 99 }),
      metadata: { name: 'reviews', namespace: 'bookinfo', labels: {} },
    });
    const { apiVersion, kind, metadata } = stated;
    assert.deepEqual(asStated(stated, { apiVersion, kind, metadata }), { apiVersion, kind, metadata });
  });
});
