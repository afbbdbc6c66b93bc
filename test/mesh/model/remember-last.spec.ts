import assert from 'node:assert/strict';
import { rememberLast } from '../../../mesh/model/remember-last';

describe('a function that remembers its last answer', () => {
  it('answers the same question once, and any other anew', () => {
    const asked: unknown[][] = [];
    const answer = rememberLast((...question: unknown[]) => asked.push(question));
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
