import assert from 'node:assert/strict';
import { chartLocation, mergeValues, statedValues } from '../../../mesh/manifests/release';

describe('chartLocation', () => {
  const at = (source?: Parameters<typeof chartLocation>[2]) =>
    chartLocation('base', '1.2.3', source, 'https://default');

  it('is a repository, an OCI prefix, a folder or a file, the nearest first', () => {
    assert.deepEqual(at(), { chart: 'base', repository: 'https://default', version: '1.2.3' });
    assert.deepEqual(at({ repository: 'https://own' }), { chart: 'base', repository: 'https://own', version: '1.2.3' });
    assert.deepEqual(at({ oci: 'oci://registry/charts/' }), { chart: 'oci://registry/charts/base', version: '1.2.3' });
    assert.deepEqual(at({ path: 'charts//' }), { chart: 'charts/base' });
    assert.deepEqual(at({ path: 'charts', files: { base: 'base-1.14.1.tgz' } }), { chart: 'base-1.14.1.tgz' });
    assert.deepEqual(at({ path: 'charts', files: { other: 'x' } }), { chart: 'charts/base' });
  });
});

describe('mergeValues', () => {
  it('merges maps and replaces everything else, and changes neither', () => {
    const base = { a: { b: 1, c: [1, 2] }, d: { e: 1 }, f: 1 };
    const over = { a: { c: [3], g: 0 }, d: null, f: { h: '' } };
    const before = structuredClone([base, over]);
    assert.deepEqual(mergeValues(base, over), { a: { b: 1, c: [3], g: 0 }, d: null, f: { h: '' } });
    assert.deepEqual([base, over], before);
    assert.deepEqual(mergeValues(base), base);
  });

  it('passes through whole what is of a class of its own', () => {
    const date = new Date(0);
    assert.equal(mergeValues({ a: { b: 1 } }, { a: date })['a'], date);
  });
});

describe('statedValues', () => {
  it('drops what was not said, and maps of nothing else; what was said to be empty stays', () => {
    const values = {
      a: undefined,
      b: { c: undefined, d: { e: undefined } },
      f: { g: 0, h: undefined },
      i: {},
      j: '',
      k: null,
      l: [undefined, {}],
      m: { n: {} },
    };
    assert.deepEqual(statedValues(values), { f: { g: 0 }, i: {}, j: '', k: null, l: [undefined, {}], m: { n: {} } });
  });
});
