import assert from 'node:assert/strict';
import { chartLocation, mergeValues, statedValues } from '../../../mesh/manifests/release';

describe('chartLocation', () => {
  const at = (source?: Parameters<typeof chartLocation>[2]) =>
    chartLocation('base', '1.2.3', source, 'https://default');

  it('is a file, a folder, an OCI prefix or a repository, in this order', () => {
    assert.deepEqual(at(), { chart: 'base', repository: 'https://default', version: '1.2.3' });
    assert.deepEqual(at({ repository: 'https://own' }), { chart: 'base', repository: 'https://own', version: '1.2.3' });
    assert.deepEqual(at({ oci: 'oci://registry/charts/' }), { chart: 'oci://registry/charts/base', version: '1.2.3' });
    assert.deepEqual(at({ path: 'charts//' }), { chart: 'charts/base' });
    assert.deepEqual(at({ path: 'charts', files: { base: 'base-1.14.1.tgz' } }), { chart: 'base-1.14.1.tgz' });
    assert.deepEqual(at({ path: 'charts', files: { other: 'x' } }), { chart: 'charts/base' });
  });
});

describe('mergeValues', () => {
  it('merges maps, replaces everything else, and does not change its inputs', () => {
    const base = { a: { b: 1, c: [1, 2] }, d: { e: 1 }, f: 1 };
    const over = { a: { c: [3], g: 0 }, d: null, f: { h: '' } };
    const before = structuredClone([base, over]);
    assert.deepEqual(mergeValues(base, over), { a: { b: 1, c: [3], g: 0 }, d: null, f: { h: '' } });
    assert.deepEqual([base, over], before);
    assert.deepEqual(mergeValues(base), base);
  });

  it('does not merge instances of classes', () => {
    const date = new Date(0);
    assert.equal(mergeValues({ a: { b: 1 } }, { a: date })['a'], date);
  });
});

describe('statedValues', () => {
  it('drops undefined values, and maps that contain nothing else; empty maps of the input stay', () => {
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
