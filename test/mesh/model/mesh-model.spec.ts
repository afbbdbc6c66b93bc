import assert from 'node:assert/strict';
import { meshModel } from '../../../mesh/model/mesh-model';

const object = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

describe('the model of a mesh', () => {
  it('is built once for the same objects and options, and again for others', () => {
    const [a, b, options] = [object('a'), object('b'), { domain: 'example' }];
    const model = meshModel([a, b], options);
    assert.equal(meshModel([a, b], options), model);
    const others = [meshModel([a], options), meshModel([b, a], options), meshModel([a, object('b')], options)];
    assert.deepEqual(
      others.map(({ objects }) => objects.all.map(({ name }) => name)),
      [['a'], ['b', 'a'], ['a', 'b']].map((names) => [...names].sort()),
    );
    assert.equal(meshModel([a, b]).config.domain, 'cluster.local');
    assert.notEqual(meshModel([a, b], options), model);
  });
});
