import assert from 'node:assert/strict';
import { controlPlaneReleases, istioRepository, meshPeerAuthentication } from '../../../mesh/manifests/control-plane';
import type { IstioSettings } from '../../../mesh/manifests/settings';

function release(name: string, chart: string, values: object, after: string[], other: object = {}) {
  return {
    name,
    namespace: 'istio-system',
    chart,
    repository: istioRepository,
    version: '1.30.3',
    values,
    after,
    origin: 'meshwright:istio',
    ...other,
  };
}

describe('controlPlaneReleases', () => {
  it('are base and istiod of the default version, without values', () => {
    assert.deepEqual(controlPlaneReleases({}), [
      release('istio-base', 'base', {}, []),
      release('istiod', 'istiod', {}, ['istio-base']),
    ]);
  });

  it('have profile, hub, revision and mesh config where each chart reads them', () => {
    const meshConfig = { accessLogFile: '/dev/stdout', defaultProviders: {} };
    const istio: IstioSettings = {
      version: '1.18.6',
      profile: 'demo',
      hub: 'gcr.io/istio-release',
      revision: 'canary',
      namespace: 'mesh',
      meshConfig,
      cni: true,
      ztunnel: true,
      charts: { repository: 'https://mirror.example/charts' },
    };
    const other = { namespace: 'mesh', version: '1.18.6', repository: 'https://mirror.example/charts' };
    const { profile, hub } = istio;
    assert.deepEqual(controlPlaneReleases(istio), [
      release(
        'istio-base',
        'base',
        { profile, defaultRevision: 'canary', global: { istioNamespace: 'mesh' } },
        [],
        other,
      ),
      release('istio-cni', 'cni', { profile, global: { hub } }, ['istio-base'], other),
      release(
        'istiod-canary',
        'istiod',
        { profile, revision: 'canary', global: { hub, istioNamespace: 'mesh' }, meshConfig },
        ['istio-base', 'istio-cni'],
        other,
      ),
      release(
        'ztunnel',
        'ztunnel',
        { profile, hub, istioNamespace: 'mesh' },
        ['istio-base', 'istio-cni', 'istiod-canary'],
        other,
      ),
    ]);
  });

  it('have CNI and ztunnel in profile ambient, unless they are disabled', () => {
    const names = (istio: IstioSettings) =>
      controlPlaneReleases({ profile: 'ambient', ...istio }).map(({ name }) => name);
    assert.deepEqual(names({}), ['istio-base', 'istio-cni', 'istiod', 'ztunnel']);
    assert.deepEqual(names({ cni: false, ztunnel: false }), ['istio-base', 'istiod']);
  });

  it('have the names and values of the settings, which win over derived values', () => {
    const istio: IstioSettings = {
      hub: 'a',
      releaseNames: { istiod: 'istio-istiod' },
      values: { istiod: { global: { hub: 'b', tag: 'c' }, pilot: { replicaCount: 0 } } },
    };
    assert.deepEqual(controlPlaneReleases(istio)[1], {
      ...release('istio-istiod', 'istiod', { global: { hub: 'b', tag: 'c' }, pilot: { replicaCount: 0 } }, [
        'istio-base',
      ]),
    });
  });
});

describe('meshPeerAuthentication', () => {
  it('is the default of the root namespace, when the settings have a mode', () => {
    assert.deepEqual(meshPeerAuthentication({ mtls: 'STRICT', namespace: 'mesh' }), {
      object: {
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: { name: 'default', namespace: 'mesh' },
        spec: { mtls: { mode: 'STRICT' } },
      },
      origin: 'meshwright:istio.mtls',
    });
    assert.equal(meshPeerAuthentication({}), undefined);
  });
});
