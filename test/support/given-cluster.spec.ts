import assert from 'node:assert/strict';
import { givenCluster } from '../real/traffic/given-cluster';

describe('a given cluster', () => {
  it('is undefined without a context', () => {
    assert.equal(givenCluster({ MESHWRIGHT_URL: 'http://127.0.0.1' }), undefined);
  });

  it('is refused with a list of all that is missing or wrong', () => {
    assert.throws(() => givenCluster({ MESHWRIGHT_CONTEXT: 'kind', MESHWRIGHT_RATE: '0', MESHWRIGHT_VERSIONS: 'v1' }), {
      message: [
        'the cluster to test cannot be used',
        '  MESHWRIGHT_URL: ""; must be the http URL of a gateway or a sidecar',
        '  MESHWRIGHT_SERVICE: ""; must be <namespace>/<service>, a service without a route',
        '  MESHWRIGHT_VERSIONS: "v1"; must be three versions that run, e.g. v1,v2,v3',
        '  MESHWRIGHT_RATE: "0"; must be a whole number from 1 to 5000',
      ].join('\n'),
    });
  });
});
