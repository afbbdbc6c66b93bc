import assert from 'node:assert/strict';
import { originOf } from '../../../mesh/manifests/rendered';

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };

describe('originOf', () => {
  const rendered = {
    object,
    origin: 'whole',
    origins: { 'spec.http[1]': 'second', 'spec.http[1].route[0]': 'route', 'spec.http[11]': 'twelfth' },
  };

  it('is the origin of the longest path that holds the one in question', () => {
    assert.equal(originOf(rendered, 'spec.http[1].route[0].weight'), 'route');
    assert.equal(originOf(rendered, 'spec.http[1].route[0]'), 'route');
    assert.equal(originOf(rendered, 'spec.http[1].timeout'), 'second');
    assert.equal(originOf(rendered, 'spec.http[11].timeout'), 'twelfth');
  });

  it('is that of the object where no path does', () => {
    assert.equal(originOf(rendered, 'spec.http[12]'), 'whole');
    assert.equal(originOf(rendered, 'spec.https'), 'whole');
    assert.equal(originOf({ object, origin: 'whole' }, 'spec'), 'whole');
  });
});
