import assert from 'node:assert/strict';
import { memoizeByIdentity, memoizeLast } from '../../../mesh/model/memoize';

describe('memoizeByIdentity', () => {
  it('computes once for each object, undefined results included', () => {
    const asked: object[] = [];
    const answer = memoizeByIdentity((key: { answer?: string }) => {
      asked.push(key);
      return key.answer;
    });
    const [silent, talking] = [{}, { answer: 'yes' }];
    const keys = [silent, talking, silent, talking, {}];
    assert.deepEqual(keys.map(answer), [undefined, 'yes', undefined, 'yes', undefined]);
    assert.deepEqual(asked, [{}, { answer: 'yes' }, {}]);
    assert.equal(asked[0], silent);
  });
});
describe('memoizeLast', () => {
  it('computes once for equal arguments in a row, and again for others', () => {
    const asked: unknown[][] = [];
    const answer = memoizeLast((...question: unknown[]) => asked.push(question));
    const object = { spec: { weights: [90, 10] } };
    const questions = [
      [[object], new Map([[object, ['spec']]])],
      [[structuredClone(object)], new Map([[structuredClone(object), ['spec']]])],
      [[object], new Map([[object, ['metadata']]])],
      [[object, object], new Map([[object, ['metadata']]])],
      [[{ spec: { weights: [10, 90] } }], new Map()],
      [[object], new Map([[object, ['spec']]])],
    ];
    assert.deepEqual(
      questions.map((question) => answer(...question)),
      [1, 1, 2, 3, 4, 5],
    );
  });
});
