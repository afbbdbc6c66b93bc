import assert from 'node:assert/strict';
import { oncePer } from '../../../mesh/model/once-per';

describe('a function that works once for each object', () => {
  it('answers for the very same object what it answered before, undefined as well, and works for any other', () => {
    const asked: object[] = [];
    const answer = oncePer((key: { answer?: string }) => {
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
