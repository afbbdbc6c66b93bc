import assert from 'node:assert/strict';
import { areCurrent, lastCrd } from '../../lab/install/istio-crds';

const crd = (annotations?: Record<string, string>) => ({
  ...lastCrd,
  metadata: annotations === undefined ? lastCrd.metadata : { ...lastCrd.metadata, annotations },
});

describe("Istio's CRDs", () => {
  it('are to be installed where there are none, and where an earlier lab brought another version', () => {
    assert.equal(areCurrent(undefined, 'v1.30.3'), false);
    assert.equal(areCurrent(crd({ 'meshwright.io/istio-api': 'v1.29.0' }), 'v1.30.3'), false);
  });

  it('are left alone when they are of this version, or not ours', () => {
    assert.equal(areCurrent(crd({ 'meshwright.io/istio-api': 'v1.30.3' }), 'v1.30.3'), true);
    assert.equal(areCurrent(crd(), 'v1.30.3'), true);
    assert.equal(areCurrent(crd({ 'meta.helm.sh/release-name': 'istio-base' }), 'v1.30.3'), true);
  });
});
