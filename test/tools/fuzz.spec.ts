import assert from 'node:assert/strict';
import { fuzzObjects, fuzzStackFiles } from '../../tools/fuzz/fuzz';

/** A short run with a fixed seed; `tools/fuzz/run.ts` runs longer. */
describe('the fuzzer', function () {
  this.timeout(120_000);

  it('finds no crash in changed stack files, some of which are accepted', () => {
    const { accepted, failures } = fuzzStackFiles(120, 7);
    assert.deepEqual(failures, []);
    assert.ok(accepted > 5, `${accepted} accepted`);
  });

  it('finds no crash in changed objects, of which some are still valid', () => {
    const { accepted, failures } = fuzzObjects(60, 7);
    assert.deepEqual(failures, []);
    assert.ok(accepted > 5, `${accepted} accepted`);
  });
});
