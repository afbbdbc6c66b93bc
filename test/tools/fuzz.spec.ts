import assert from 'node:assert/strict';
import { fuzzObjects, fuzzStackFiles } from '../../tools/fuzz/fuzz';

/** A short run with a fixed seed; `tools/fuzz/fuzz.ts` runs longer. */
describe('the fuzzer', function () {
  this.timeout(120_000);

  it('finds no crash in changed stack files, many of which are accepted with objects of their own', () => {
    const objects = new Set<string>();
    const { accepted, failures } = fuzzStackFiles(120, 7, (made) => {
      for (const object of made) objects.add(JSON.stringify(object));
    });
    assert.deepEqual(failures, []);
    assert.ok(accepted > 30, `${accepted} accepted`);
    assert.ok(objects.size > 200, `${objects.size} objects`);
  });

  it('finds no crash in changed objects, of which some are still valid', () => {
    const { accepted, failures } = fuzzObjects(60, 7);
    assert.deepEqual(failures, []);
    assert.ok(accepted > 5, `${accepted} accepted`);
  });
});
