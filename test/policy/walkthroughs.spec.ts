import assert from 'node:assert/strict';
import { check } from '../../policy/check';
import { needsWalkthroughs, walkthroughFiles, walkthroughObjects } from '../support/walkthroughs';

// As written, canary and stable select the same pods, so a weight between them moves nothing; Argo Rollouts is to add its hash to the labels at run time.
const equalSubsets = ['delivery', 'order', 'product'].map(
  (name) => `subset-overlap DestinationRule destrule-${name} spec.subsets[1].labels`,
);

/** Every mandatory finding in the walkthroughs' manifests, by file. Each is a true problem, for the reason above. */
const trueProblems: Record<string, string[]> = {
  '000/acmexii_mallbasic/kubernetes/template/istio.yml': equalSubsets,
  '000/main-gw.yml': equalSubsets,
};

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
