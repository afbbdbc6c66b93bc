import assert from 'node:assert/strict';
import { strictWithoutProxy } from '../../../policy/rules/strict-without-proxy';
import { deployment, finding, judged, namespace, peerAuthentication } from '../mesh-objects';

const strict = peerAuthentication('default', { mtls: { mode: 'STRICT' } });

describe('strict-without-proxy', () => {
  it('names the workloads without a proxy', () => {
    assert.deepEqual(
      judged(strictWithoutProxy, [
        namespace('bookinfo'),
        strict,
        deployment('a', 'v1'),
        deployment('b', 'v1'),
        deployment('c', 'v1'),
        deployment('d', 'v1'),
      ]),
      [
        finding(
          strictWithoutProxy,
          'PeerAuthentication bookinfo/default',
          'spec.mtls.mode',
          'mode STRICT holds for Deployment bookinfo/a-v1, Deployment bookinfo/b-v1, Deployment bookinfo/c-v1 and 1 more, which have no proxy: their requests to the mesh are refused, and requests to them are not encrypted; enable injection for the namespace, or set PERMISSIVE there',
        ),
      ],
    );
  });

  it('accepts sidecars and ambient', () => {
    assert.deepEqual(
      judged(strictWithoutProxy, [
        namespace('bookinfo', { 'istio-injection': 'enabled' }),
        strict,
        deployment('a', 'v1'),
        namespace('shop', { 'istio.io/dataplane-mode': 'ambient' }),
        peerAuthentication('default', { mtls: { mode: 'STRICT' } }, { namespace: 'shop' }),
        deployment('b', 'v1', {}, { namespace: 'shop' }),
      ]),
      [],
    );
  });

  it('reports nothing where the namespace is not among the objects', () => {
    assert.deepEqual(judged(strictWithoutProxy, [strict, deployment('a', 'v1')]), []);
  });

  it('leaves out a pod that refuses its proxy, which is outside the mesh on purpose', () => {
    assert.deepEqual(
      judged(strictWithoutProxy, [
        strict,
        deployment('a', 'v1', { template: { metadata: { labels: { app: 'a', 'sidecar.istio.io/inject': 'false' } } } }),
      ]),
      [],
    );
  });

  it('is advisory for a policy of the whole mesh, and leaves out control planes', () => {
    assert.deepEqual(
      judged(strictWithoutProxy, [
        peerAuthentication('default', { mtls: { mode: 'STRICT' } }, { namespace: 'istio-system' }),
        namespace('istio-system'),
        deployment('prometheus', 'v1', {}, { namespace: 'istio-system' }),
        namespace('shop'),
        deployment('cart', 'v1', {}, { namespace: 'shop' }),
      ]),
      [
        finding(
          strictWithoutProxy,
          'PeerAuthentication istio-system/default',
          'spec.mtls.mode',
          'mode STRICT holds for Deployment shop/cart-v1, which has no proxy: its requests to the mesh are refused, and requests to it are not encrypted; enable injection for the namespace, or set PERMISSIVE there',
          'advisory',
        ),
      ],
    );
  });

  it('allows workloads that a policy exempts', () => {
    assert.deepEqual(
      judged(strictWithoutProxy, [
        namespace('bookinfo'),
        strict,
        peerAuthentication('legacy', { selector: { matchLabels: { app: 'a' } }, mtls: { mode: 'PERMISSIVE' } }),
        deployment('a', 'v1'),
      ]),
      [],
    );
  });
});
