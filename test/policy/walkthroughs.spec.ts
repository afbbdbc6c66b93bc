import assert from 'node:assert/strict';
import { check } from '../../policy/check';
import { needsWalkthroughs, walkthroughFiles, walkthroughObjects } from '../support/walkthroughs';

/** Every mandatory finding in the walkthroughs' manifests, by file, each a true problem; the comment says why. */
const trueProblems: Record<string, string[]> = {};

describe("the walkthroughs' manifests", function () {
  before(function () {
    needsWalkthroughs(this);
  });

  it('have no mandatory finding, file by file, but true problems', () => {
    const found = walkthroughFiles().flatMap((file) => {
      const mandatory = check(walkthroughObjects(file)).filter(({ level }) => level === 'mandatory');
      const told = mandatory.map(({ rule, kind, name, path }) => `${rule} ${kind} ${name} ${path}`.trim());
      return told.length === 0 ? [] : [[file, told] as const];
    });
    assert.deepEqual(Object.fromEntries(found), trueProblems);
  });
});
