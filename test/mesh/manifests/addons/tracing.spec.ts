import assert from 'node:assert/strict';
import { addonObjects, addonReleases } from '../../../../mesh/manifests/addons/addons';
import type { AddonsSettings } from '../../../../mesh/manifests/addons/settings';
import { withTracingProvider } from '../../../../mesh/manifests/addons/tracing';
import { objectTitle, type KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import type { IstioSettings } from '../../../../mesh/manifests/settings';

const jaegerPods = {
  'app.kubernetes.io/name': 'jaeger',
  'app.kubernetes.io/instance': 'jaeger',
  'app.kubernetes.io/component': 'all-in-one',
};
const zipkinPods = { 'app.kubernetes.io/name': 'zipkin', 'app.kubernetes.io/instance': 'zipkin' };

function objects(addons: AddonsSettings, istio: IstioSettings = {}): KubernetesObject[] {
  return addonObjects(addons, istio).map(({ object }) => object);
}

function specOf(title: string, addons: AddonsSettings, istio: IstioSettings = {}): unknown {
  return objects(addons, istio).find((object) => objectTitle(object) === title)?.spec;
}

const toJaeger = {
  type: 'ClusterIP',
  selector: jaegerPods,
  ports: [
    { name: 'http-query', port: 80, targetPort: 16686 },
    { name: 'grpc-query', port: 16685, targetPort: 16685 },
  ],
};
const toZipkin = {
  type: 'ClusterIP',
  selector: zipkinPods,
  ports: [{ name: 'http-query', port: 80, targetPort: 9411 }],
};
const spans = [{ name: 'http-zipkin', port: 9411, targetPort: 9411 }];

describe('the Services of tracing', () => {
  it('select Jaeger when Jaeger is enabled', () => {
    assert.deepEqual(objects({ jaeger: {} }).map(objectTitle), [
      'Service istio-system/jaeger-collector',
      'Service istio-system/tracing',
      'Service istio-system/zipkin',
      'Telemetry istio-system/mesh-default',
    ]);
    assert.deepEqual(specOf('Service istio-system/tracing', { jaeger: {} }), toJaeger);
    assert.deepEqual(specOf('Service istio-system/zipkin', { jaeger: {} }), { selector: jaegerPods, ports: spans });
    assert.deepEqual(specOf('Service istio-system/jaeger-collector', { jaeger: {} }), {
      selector: jaegerPods,
      ports: [
        { name: 'jaeger-collector-http', port: 14268, targetPort: 14268 },
        { name: 'jaeger-collector-grpc', port: 14250, targetPort: 14250 },
        ...spans,
        { name: 'grpc-otel', port: 4317, targetPort: 4317 },
        { name: 'http-otel', port: 4318, targetPort: 4318 },
      ],
    });
  });

  it('select Zipkin when only Zipkin is enabled', () => {
    assert.deepEqual(objects({ zipkin: {} }).map(objectTitle), [
      'Service istio-system/tracing',
      'Service istio-system/zipkin',
      'Telemetry istio-system/mesh-default',
    ]);
    assert.deepEqual(specOf('Service istio-system/tracing', { zipkin: {} }), toZipkin);
    assert.deepEqual(specOf('Service istio-system/zipkin', { zipkin: {} }), { selector: zipkinPods, ports: spans });
  });

  it('exist once when both are enabled, and select the chosen backend', () => {
    const titles = [
      'Service istio-system/jaeger-collector',
      'Service istio-system/tracing',
      'Service istio-system/zipkin',
      'Telemetry istio-system/mesh-default',
    ];
    const both: AddonsSettings = { jaeger: {}, zipkin: {} };
    assert.deepEqual(objects(both).map(objectTitle), titles);
    assert.deepEqual(specOf('Service istio-system/tracing', both), toJaeger);
    const chosen: AddonsSettings = { ...both, tracing: { backend: 'zipkin' } };
    assert.deepEqual(objects(chosen).map(objectTitle), titles);
    assert.deepEqual(specOf('Service istio-system/tracing', chosen), toZipkin);
  });

  it('are the only Services named zipkin', () => {
    const [release] = addonReleases({ zipkin: {} }, {});
    assert.deepEqual(release?.values, {
      fullnameOverride: 'zipkin-server',
      podAnnotations: { 'sidecar.istio.io/inject': 'false' },
    });
  });

  it('have the type and annotations of the backend; the other addon has them in its chart', () => {
    const service = { type: 'LoadBalancer' as const, annotations: { a: 'b' } };
    const addons = { jaeger: { service }, zipkin: { service } };
    const tracing = objects(addons).find(({ metadata }) => metadata.name === 'tracing');
    assert.deepEqual(tracing?.metadata, {
      name: 'tracing',
      namespace: 'istio-system',
      labels: { app: 'jaeger' },
      annotations: { a: 'b' },
    });
    assert.deepEqual(tracing.spec, { ...toJaeger, type: 'LoadBalancer' });
    const [jaeger, zipkin] = addonReleases(addons, {}).map(({ values }) => values);
    assert.deepEqual(jaeger, { jaeger: { podLabels: { 'sidecar.istio.io/inject': 'false' } } });
    assert.deepEqual(zipkin?.['service'], service);
    const [other] = addonReleases({ ...addons, tracing: { backend: 'zipkin' } }, {}).map(({ values }) => values);
    assert.deepEqual(other, { jaeger: { podLabels: { 'sidecar.istio.io/inject': 'false' }, service } });
  });

  it('have the node port of the settings', () => {
    const addons = { jaeger: { service: { type: 'NodePort' as const, nodePort: 30686 } } };
    assert.deepEqual(specOf('Service istio-system/tracing', addons), {
      type: 'NodePort',
      selector: jaegerPods,
      ports: [
        { name: 'http-query', port: 80, targetPort: 16686, nodePort: 30686 },
        { name: 'grpc-query', port: 16685, targetPort: 16685 },
      ],
    });
  });
});

describe('tracing in the mesh', () => {
  it('is enabled by a Telemetry, with the sampling of the settings, 0 included', () => {
    const telemetry = (addons: AddonsSettings, istio: IstioSettings = {}) =>
      objects(addons, istio).find(({ kind }) => kind === 'Telemetry');
    assert.deepEqual(telemetry({ jaeger: {}, tracing: { sampling: 0 } }), {
      apiVersion: 'telemetry.istio.io/v1',
      kind: 'Telemetry',
      metadata: { name: 'mesh-default', namespace: 'istio-system' },
      spec: { tracing: [{ providers: [{ name: 'jaeger' }], randomSamplingPercentage: 0 }] },
    });
    assert.deepEqual(telemetry({ zipkin: {}, namespace: 'telemetry' }, { namespace: 'mesh' }), {
      apiVersion: 'telemetry.istio.io/v1',
      kind: 'Telemetry',
      metadata: { name: 'mesh-default', namespace: 'mesh' },
      spec: { tracing: [{ providers: [{ name: 'zipkin' }] }] },
    });
    assert.deepEqual(telemetry({ jaeger: {}, tracing: { provider: 'theirs' } })?.spec, {
      tracing: [{ providers: [{ name: 'theirs' }] }],
    });
  });

  it('uses the API version of the Istio version', () => {
    const apiVersion = (version: string) => objects({ jaeger: {} }, { version }).at(-1)?.apiVersion;
    assert.deepEqual(
      ['1.17.2', '1.21.6', '1.22.0', '1.30.3', '2.0.0'].map(apiVersion),
      ['v1alpha1', 'v1alpha1', 'v1', 'v1', 'v1'].map((version) => `telemetry.istio.io/${version}`),
    );
  });

  const provider = (name: string, namespace = 'istio-system') => ({
    name,
    zipkin: { service: `zipkin.${namespace}.svc.cluster.local`, port: 9411 },
  });

  it('has the backend as an extension provider', () => {
    assert.deepEqual(withTracingProvider({ version: '1.30.3' }, { jaeger: {}, namespace: 'telemetry' }), {
      version: '1.30.3',
      meshConfig: { extensionProviders: [provider('jaeger', 'telemetry')] },
    });
  });

  it('keeps the mesh config and the existing providers', () => {
    const meshConfig = { accessLogFile: '/dev/stdout', extensionProviders: [{ name: 'otel' }] };
    assert.deepEqual(withTracingProvider({ meshConfig }, { zipkin: {} }), {
      meshConfig: { accessLogFile: '/dev/stdout', extensionProviders: [{ name: 'otel' }, provider('zipkin')] },
    });
  });

  it('does not change the settings without a backend, with a provider of that name, or with a named provider of the mesh', () => {
    const meshConfig = { extensionProviders: [{ name: 'jaeger', opentelemetry: { port: 4317, service: 'x' } }] };
    assert.deepEqual(withTracingProvider({}, {}), {});
    assert.deepEqual(withTracingProvider({ meshConfig }, { jaeger: {} }), { meshConfig });
    assert.deepEqual(withTracingProvider({}, { jaeger: {}, tracing: { provider: 'theirs' } }), {});
  });
});
