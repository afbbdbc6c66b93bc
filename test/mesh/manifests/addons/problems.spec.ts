import assert from 'node:assert/strict';
import { addonProblems } from '../../../../mesh/manifests/addons/problems';
import type { StackSettings } from '../../../../mesh/manifests/settings';

function problems(settings: StackSettings): [string, string][] {
  return addonProblems(settings).map(({ path, message }) => [path.join('.'), message]);
}

describe('addonProblems', () => {
  it('finds no problem in valid addons', () => {
    assert.deepEqual(
      problems({
        istio: {},
        gateways: { 'istio-ingressgateway': {} },
        addons: {
          prometheus: { service: { type: 'NodePort', nodePort: 30090 }, image: 'prom/prometheus:v3' },
          grafana: { gateway: { host: 'g', insecure: true }, password: 'p' },
          kiali: { gateway: { host: 'k', credentialName: 'c' } },
          jaeger: {},
          zipkin: {},
          tracing: { backend: 'zipkin', sampling: 100 },
        },
      }),
      [],
    );
    assert.deepEqual(problems({}), []);
  });

  it('refuses an image that is not a reference, and a digest if the chart accepts none', () => {
    const image = `x@sha256:${'a'.repeat(64)}`;
    const found = problems({ istio: {}, addons: { kiali: { image: 'A' }, jaeger: { image }, zipkin: { image } } });
    assert.deepEqual(found, [
      ['zipkin.image', "zipkin's chart takes an image with a tag only, not with a digest"],
      [
        'kiali.image',
        'an image must be [registry[:port]/]name[:tag][@digest], with the name in lower case, e.g. docker.io/istio/pilot:1.30.3',
      ],
    ]);
  });

  it('refuses a node port out of range, or for a type without node ports', () => {
    const addons = {
      kiali: { service: { nodePort: 30000 } },
      grafana: { service: { type: 'NodePort' as const, nodePort: 0 } },
    };
    assert.deepEqual(problems({ addons }), [
      ['grafana.service.nodePort', 'a port must be a whole number from 1 to 65535'],
      ['kiali.service.nodePort', 'a nodePort needs `type: NodePort`'],
    ]);
  });

  it('refuses a gateway that does not exist, and one without TLS settings', () => {
    assert.deepEqual(problems({ addons: { kiali: { gateway: { host: 'k' } } } }), [
      ['kiali.gateway', 'no gateway "istio-ingressgateway"; the stack has none'],
      ['kiali.gateway', 'needs `credentialName` for TLS, or `insecure: true` for plain HTTP'],
    ]);
    const gateway = { host: 'k', gateway: 'edge', credentialName: 'c', insecure: true };
    assert.deepEqual(problems({ gateways: { a: {}, b: {} }, addons: { kiali: { gateway } } }), [
      ['kiali.gateway.gateway', 'no gateway "edge"; the stack has a, b'],
      ['kiali.gateway.insecure', 'cannot be used together with `credentialName`'],
    ]);
  });

  it('refuses two passwords of Grafana', () => {
    assert.deepEqual(problems({ addons: { grafana: { password: 'p', passwordSecret: 's' } } }), [
      ['grafana.passwordSecret', 'cannot be used together with `password`'],
    ]);
  });

  it('refuses tracing without a backend, to a disabled one, or above 100 %', () => {
    assert.deepEqual(problems({ addons: { tracing: {} } }), [
      ['tracing', 'has no effect unless `jaeger` or `zipkin` is enabled'],
    ]);
    const addons = { jaeger: {}, tracing: { backend: 'zipkin' as const, sampling: 101 } };
    assert.deepEqual(problems({ istio: {}, addons }), [
      ['tracing.backend', 'the addon "zipkin" is not enabled'],
      ['tracing.sampling', 'sampling must be a percentage from 0 to 100'],
    ]);
    assert.deepEqual(problems({ istio: {}, addons: { jaeger: {}, tracing: { sampling: -1 } } }), [
      ['tracing.sampling', 'sampling must be a percentage from 0 to 100'],
    ]);
  });

  it('refuses a backend that cannot become an extension provider', () => {
    const message =
      '"jaeger" gets no spans: without `istio` the stack cannot register it as an extension provider; name one of the mesh in `tracing.provider`';
    assert.deepEqual(problems({ addons: { jaeger: {} } }), [['jaeger', message]]);
    assert.deepEqual(problems({ addons: { jaeger: {}, tracing: { provider: 'theirs' } } }), []);
  });
});
