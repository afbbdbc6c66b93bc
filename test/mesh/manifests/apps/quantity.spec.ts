import assert from 'node:assert/strict';
import { quantityProblem, quantityValue } from '../../../../mesh/manifests/apps/quantity';

describe('quantityValue', () => {
  const values: [string | number, number][] = [
    ['0', 0],
    [1.5, 1.5],
    ['200m', 0.2],
    ['100n', 1e-7],
    ['5u', 5e-6],
    ['1k', 1000],
    ['2M', 2e6],
    ['3G', 3e9],
    ['1T', 1e12],
    ['1P', 1e15],
    ['1E', 1e18],
    ['1Ki', 1024],
    ['64Mi', 67108864],
    ['1.5Gi', 1610612736],
    ['1Ti', 2 ** 40],
    ['1Pi', 2 ** 50],
    ['1Ei', 2 ** 60],
    ['1e3', 1000],
    ['1E3', 1000],
    ['12e-1', 1.2],
    ['.5', 0.5],
    ['5.', 5],
    ['+1', 1],
    ['-1', -1],
  ];
  for (const [quantity, value] of values) {
    it(`reads ${quantity}`, () =>
      assert.ok(Math.abs((quantityValue(quantity) ?? NaN) - value) <= 1e-9 * Math.abs(value)));
  }

  for (const quantity of ['', 'm', '1 Gi', '1gi', '64MB', '1K', '1e', '1.2.3', '0x10', 'one', '1Mi2']) {
    it(`finds no number in "${quantity}"`, () => assert.equal(quantityValue(quantity), undefined));
  }
});

describe('quantityProblem', () => {
  it('takes what is 0 or more', () => assert.equal(quantityProblem('0'), undefined));

  it('fails what is below 0, and what is no quantity', () => {
    assert.equal(quantityProblem('-1m'), 'a quantity of a resource must not be negative');
    assert.equal(quantityProblem('1GB'), 'a quantity must be a number with at most one unit, e.g. 200m, 1.5, 64Mi, 2G');
  });
});
