import assert from 'node:assert/strict';
import fc from 'fast-check';
import { covers, keyPath, parseKeyPath, valueAt, type Key } from '../../config/key-path';

describe('a path in a stack file', () => {
  it('is accepted by `pulumi config set --path`', () => {
    const paths: [Key[], string][] = [
      [[], ''],
      [['routes'], 'meshwright:routes'],
      [
        ['routes', 'bookinfo', 'reviews', 'http', 0, 'weights', 'v3'],
        'meshwright:routes.bookinfo.reviews.http[0].weights.v3',
      ],
      [['namespaces', 'a.b', 'c[0]', 'say "x"', '', '1'], 'meshwright:namespaces["a.b"]["c[0]"]["say \\"x\\""][""].1'],
    ];
    for (const [keys, path] of paths) assert.deepEqual([keyPath(keys), parseKeyPath(path)], [path, keys]);
  });

  it('can be split into any keys again', () => {
    const key = fc.oneof(fc.string(), fc.nat(), fc.constantFrom('__proto__', 'a.b', '[0]', '"', '\\'));
    const keys = fc.tuple(fc.constantFrom('routes', 'objects'), fc.array(key)).map(([first, rest]) => [first, ...rest]);
    fc.assert(fc.property(keys, (below) => assert.deepEqual(parseKeyPath(keyPath(below)), below)));
  });
});

describe('covers', () => {
  const pattern = ['routes', '*', 'reviews'];
  it('is true for the places of the pattern, and for their parents', () => {
    const places: Key[][] = [['routes', 'a', 'reviews'], ['routes', 'a'], ['routes'], []];
    assert.deepEqual(
      places.map((keys) => covers(keys, pattern)),
      [true, true, true, true],
    );
  });

  it('is true for places below only after **', () => {
    const below = ['routes', 'a', 'reviews', 'http', 0];
    assert.deepEqual([covers(below, pattern), covers(below, [...pattern, '**'])], [false, true]);
  });

  it('is false for other places', () => {
    assert.deepEqual([covers(['routes', 'a', 'ratings'], pattern), covers(['apps'], pattern)], [false, false]);
  });
});

describe('valueAt', () => {
  it('finds own values, even falsy ones, and none of the prototype', () => {
    const root = { a: [{ b: 0 }], c: null };
    assert.deepEqual(
      [
        valueAt(root, []),
        valueAt(root, ['a', 0, 'b']),
        valueAt(root, ['c']),
        valueAt(root, ['c', 'd']),
        valueAt(root, ['toString']),
      ],
      [root, 0, null, undefined, undefined],
    );
  });
});
