import assert from 'node:assert/strict';
import { addonProblems } from '../../../../mesh/manifests/addons/problems';
import type { StackSettings } from '../../../../mesh/manifests/settings';

function problems(settings: StackSettings): [string, string][] {
  return addonProblems(settings).map(({ path, message }) => [path.join('.'), message]);
}

describe('addonProblems', () => {
  it('finds nothing wrong with sound addons', () => {
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

  it('fails an image that is no reference, and a digest where the chart takes none', () => {
    const image = `x@sha256:${'a'.repeat(64)}`;
    const found = problems({ istio: {}, addons: { kiali: { image: 'A' }, jaeger: { image }, zipkin: { image } } });
    assert.deepEqual(found, [
      ['zipkin.image', "zipkin's chart takes an image with a tag only, not with a digest"],
      [
        'kiali.image',
        'an image must be [registry[:port]/]name[:tag][@digest], the name in lower case, e.g. docker.io/istio/pilot:1.30.3',
      ],
    ]);
  });

  it('fails a node port that is none, or that the type has no use for', () => {
    const addons = {
      kiali: { service: { nodePort: 30000 } },
      grafana: { service: { type: 'NodePort' as const, nodePort: 0 } },
    };
    assert.deepEqual(problems({ addons }), [
      ['grafana.service.nodePort', 'a port must be a whole number from 1 to 65535'],
      ['kiali.service.nodePort', 'a nodePort needs `type: NodePort`'],
    ]);
  });

  it('fails a way through a gateway that is not there, or without a word on TLS', () => {
    assert.deepEqual(problems({ addons: { kiali: { gateway: { host: 'k' } } } }), [
      ['kiali.gateway', 'no gateway "istio-ingressgateway"; the stack has none'],
      ['kiali.gateway', 'needs `credentialName` for TLS, or `insecure: true` for plain HTTP'],
    ]);
    const gateway = { host: 'k', gateway: 'edge', credentialName: 'c', insecure: true };
    assert.deepEqual(problems({ gateways: { a: {}, b: {} }, addons: { kiali: { gateway } } }), [
      ['kiali.gateway.gateway', 'no gateway "edge"; the stack has a, b'],
      ['kiali.gateway.insecure', 'cannot stand beside `credentialName`'],
    ]);
  });

  it('fails two words on Grafana’s password', () => {
    assert.deepEqual(problems({ addons: { grafana: { password: 'p', passwordSecret: 's' } } }), [
      ['grafana.passwordSecret', 'cannot stand beside `password`'],
    ]);
  });

  it('fails tracing without a backend, to one that is off, or of more than everything', () => {
    assert.deepEqual(problems({ addons: { tracing: {} } }), [
      ['tracing', 'has no effect unless `jaeger` or `zipkin` is on'],
    ]);
    const addons = { jaeger: {}, tracing: { backend: 'zipkin' as const, sampling: 101 } };
    assert.deepEqual(problems({ istio: {}, addons }), [
      ['tracing.backend', 'the addon "zipkin" is not on'],
      ['tracing.sampling', 'sampling must be a percentage from 0 to 100'],
    ]);
    assert.deepEqual(problems({ istio: {}, addons: { jaeger: {}, tracing: { sampling: -1 } } }), [
      ['tracing.sampling', 'sampling must be a percentage from 0 to 100'],
    ]);
  });

  it('fails a backend that the mesh cannot be told of', () => {
    const message =
      '"jaeger" gets no spans: without `istio` the stack cannot tell the mesh of it; name the mesh\'s own extension provider in `tracing.provider`';
    assert.deepEqual(problems({ addons: { jaeger: {} } }), [['jaeger', message]]);
    assert.deepEqual(problems({ addons: { jaeger: {}, tracing: { provider: 'theirs' } } }), []);
  });
});
