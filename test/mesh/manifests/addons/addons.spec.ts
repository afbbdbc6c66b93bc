import assert from 'node:assert/strict';
import { addonObjects, addonReleases } from '../../../../mesh/manifests/addons/addons';
import type { AddonsSettings } from '../../../../mesh/manifests/addons/settings';
import { objectTitle } from '../../../../mesh/manifests/kubernetes';
import { without } from '../../../support/without';

const all: AddonsSettings = { kiali: {}, grafana: {}, jaeger: {}, prometheus: {}, zipkin: {} };

function valuesOf(name: string, addons: AddonsSettings): Record<string, unknown> {
  const release = addonReleases(addons, {}).find((candidate) => candidate.name === name);
  assert.ok(release, `no release ${name}`);
  return release.values;
}

function titles(addons: AddonsSettings): string[] {
  return addonObjects(addons, {}).map(({ object }) => objectTitle(object));
}

describe('addonReleases', () => {
  it('installs the enabled addons from each project, after the control plane', () => {
    assert.deepEqual(
      addonReleases(all, { revision: 'canary' }).map((release) => without({ ...release }, 'values')),
      [
        ['prometheus', 'prometheus', 'https://prometheus-community.github.io/helm-charts', '29.27.0'],
        ['grafana', 'grafana', 'https://grafana-community.github.io/helm-charts', '12.11.1'],
        ['jaeger', 'jaeger', 'https://jaegertracing.github.io/helm-charts', '4.11.1'],
        ['zipkin', 'zipkin', 'https://zipkin.io/zipkin-helm', '0.4.0'],
        ['kiali', 'kiali-server', 'https://kiali.org/helm-charts', '2.29.0'],
      ].map(([name, chart, repository, version]) => ({
        name,
        namespace: 'istio-system',
        chart,
        repository,
        version,
        after: ['istio-base', 'istiod-canary'],
        origin: `meshwright:addons.${name ?? ''}`,
      })),
    );
  });

  it('does not install disabled addons', () => {
    assert.deepEqual(addonReleases({ namespace: 'telemetry', certManager: {} }, {}), []);
    assert.deepEqual(addonObjects({ namespace: 'telemetry', certManager: {} }, {}), []);
  });

  it('takes version, source, namespace and values from the settings', () => {
    const addons = {
      namespace: 'telemetry',
      charts: { path: 'charts/', files: { jaeger: 'jaeger.tgz' } },
      prometheus: { version: '1.2.3', values: { server: { retention: '1d', podLabels: { a: 'b' } } } },
      jaeger: {},
    };
    const [prometheus, jaeger] = addonReleases(addons, undefined);
    assert.deepEqual(prometheus, {
      name: 'prometheus',
      namespace: 'telemetry',
      chart: 'charts/prometheus',
      values: {
        alertmanager: { enabled: false },
        'kube-state-metrics': { enabled: false },
        'prometheus-node-exporter': { enabled: false },
        'prometheus-pushgateway': { enabled: false },
        server: {
          fullnameOverride: 'prometheus',
          podLabels: { 'sidecar.istio.io/inject': 'false', a: 'b' },
          persistentVolume: { enabled: false },
          global: { scrape_interval: '15s' },
          service: { servicePort: 9090 },
          retention: '1d',
        },
      },
      after: [],
      origin: 'meshwright:addons.prometheus',
    });
    assert.equal(jaeger?.chart, 'jaeger.tgz');
  });

  it('exposes nothing and requires a login by default', () => {
    const kiali = valuesOf('kiali', { kiali: {} });
    assert.deepEqual(kiali, {
      auth: { strategy: 'token' },
      deployment: { pod_labels: { 'sidecar.istio.io/inject': 'false' } },
      external_services: {
        istio: { root_namespace: 'istio-system' },
        prometheus: { enabled: false },
        grafana: { enabled: false },
        tracing: { enabled: false },
      },
    });
    const grafana = valuesOf('grafana', { grafana: { dashboards: {} } });
    assert.deepEqual(grafana, {
      rbac: { create: false },
      testFramework: { enabled: false },
      podLabels: { 'sidecar.istio.io/inject': 'false' },
      service: { port: 3000, portName: 'http' },
    });
    assert.deepEqual(titles({ kiali: {}, grafana: {}, prometheus: {} }), []);
  });

  it('allows anonymous access when the settings say so', () => {
    assert.deepEqual(valuesOf('kiali', { kiali: { anonymous: true } })['auth'], { strategy: 'anonymous' });
    assert.deepEqual(valuesOf('grafana', { grafana: { anonymous: true } })['grafana.ini'], {
      'auth.anonymous': { enabled: true, org_role: 'Viewer' },
    });
  });

  it('sets the Service type in the values of each chart', () => {
    const service = { type: 'NodePort' as const, nodePort: 30001, annotations: { a: 'b' } };
    const addons = { kiali: { service }, grafana: { service, dashboards: {} }, prometheus: { service } };
    const { deployment, server } = valuesOf('kiali', addons);
    assert.deepEqual(deployment, {
      pod_labels: { 'sidecar.istio.io/inject': 'false' },
      service_type: 'NodePort',
      service_annotations: { a: 'b' },
    });
    assert.deepEqual(server, { node_port: 30001 });
    assert.deepEqual(valuesOf('grafana', addons)['service'], { ...service, port: 3000, portName: 'http' });
    const { server: prometheus } = valuesOf('prometheus', addons) as { server: Record<string, unknown> };
    assert.deepEqual(prometheus['service'], { ...service, servicePort: 9090 });
  });

  it('splits images in the way that each chart needs', () => {
    const sha = 'a'.repeat(64);
    const addons = {
      kiali: { image: `quay.io/kiali/kiali@sha256:${sha}` },
      grafana: { image: 'registry.example:5000/grafana/grafana:12.0.1' },
      prometheus: { image: 'prom/prometheus:v2.21.0' },
      jaeger: { image: 'docker.io/jaegertracing/jaeger:2.14.0' },
      zipkin: { image: 'openzipkin/zipkin-slim:3.4.0' },
    };
    const { deployment } = valuesOf('kiali', addons) as { deployment: Record<string, unknown> };
    assert.deepEqual(
      [deployment['image_name'], deployment['image_digest'], deployment['image_version']],
      ['quay.io/kiali/kiali', 'sha256', sha],
    );
    assert.deepEqual(valuesOf('grafana', addons)['image'], {
      registry: 'registry.example:5000',
      repository: 'grafana/grafana',
      tag: '12.0.1',
    });
    const { server } = valuesOf('prometheus', addons) as { server: Record<string, unknown> };
    assert.deepEqual(server['image'], { repository: 'prom/prometheus', tag: 'v2.21.0' });
    const { jaeger } = valuesOf('jaeger', addons) as { jaeger: Record<string, unknown> };
    assert.deepEqual(jaeger['image'], { repository: 'docker.io/jaegertracing/jaeger', tag: '2.14.0' });
    assert.deepEqual(valuesOf('zipkin', addons)['image'], { repository: 'openzipkin/zipkin-slim', tag: '3.4.0' });
  });

  it('accepts a Grafana image without a registry, from docker.io, and one by digest', () => {
    const image = (reference: string) => valuesOf('grafana', { grafana: { image: reference } })['image'];
    assert.deepEqual(image('grafana/grafana'), { registry: 'docker.io', repository: 'grafana/grafana' });
    assert.deepEqual(image('localhost/grafana:1@sha256:abc'), {
      registry: 'localhost',
      repository: 'grafana',
      tag: '1',
      sha: 'abc',
    });
  });

  it('connects Kiali and Grafana to the enabled addons', () => {
    const addons: AddonsSettings = {
      ...all,
      namespace: 'telemetry',
      grafana: { ingress: { host: 'grafana.example' } },
      jaeger: { gateway: { host: 'jaeger.example', credentialName: 'jaeger' } },
    };
    assert.deepEqual(valuesOf('kiali', addons)['external_services'], {
      istio: { root_namespace: 'istio-system' },
      prometheus: { enabled: true, url: 'http://prometheus.telemetry.svc.cluster.local:9090' },
      grafana: {
        enabled: true,
        internal_url: 'http://grafana.telemetry.svc.cluster.local:3000',
        external_url: 'http://grafana.example',
        auth: { type: 'basic', username: 'secret:grafana:admin-user', password: 'secret:grafana:admin-password' },
      },
      tracing: {
        enabled: true,
        provider: 'jaeger',
        use_grpc: true,
        internal_url: 'http://jaeger.telemetry.svc.cluster.local:16685',
        health_check_url: 'http://jaeger.telemetry.svc.cluster.local:16686',
        external_url: 'https://jaeger.example',
      },
    });
    assert.deepEqual(valuesOf('grafana', addons)['datasources'], {
      'datasources.yaml': {
        apiVersion: 1,
        datasources: [
          {
            name: 'Prometheus',
            type: 'prometheus',
            url: 'http://prometheus.telemetry.svc.cluster.local:9090',
            access: 'proxy',
            isDefault: true,
            jsonData: { timeInterval: '15s' },
          },
        ],
      },
    });
    assert.deepEqual(valuesOf('grafana', addons)['grafana.ini'], { server: { root_url: 'http://grafana.example' } });
  });

  it('gives Kiali no password if Grafana needs none', () => {
    const { external_services } = valuesOf('kiali', { kiali: {}, grafana: { anonymous: true } });
    assert.deepEqual((external_services as Record<string, unknown>)['grafana'], {
      enabled: true,
      internal_url: 'http://grafana.istio-system.svc.cluster.local:3000',
    });
  });

  it('installs Istio’s dashboards, or those of the settings', () => {
    const values = valuesOf('grafana', { grafana: {} });
    const folder = 'https://raw.githubusercontent.com/istio/istio/1.30.3/manifests/addons/dashboards';
    assert.deepEqual(values['dashboards'], {
      istio: {
        'istio-mesh-dashboard': { url: `${folder}/istio-mesh-dashboard.gen.json` },
        'istio-service-dashboard': { url: `${folder}/istio-service-dashboard.json` },
        'istio-workload-dashboard': { url: `${folder}/istio-workload-dashboard.json` },
        'istio-performance-dashboard': { url: `${folder}/istio-performance-dashboard.json` },
        'istio-extension-dashboard': { url: `${folder}/istio-extension-dashboard.json` },
        'pilot-dashboard': { url: `${folder}/pilot-dashboard.gen.json` },
        'ztunnel-dashboard': { url: `${folder}/ztunnel-dashboard.gen.json` },
      },
    });
    const own = valuesOf('grafana', { grafana: { dashboards: { mine: 'http://files/mine.json' } } });
    assert.deepEqual(own['dashboards'], { istio: { mine: { url: 'http://files/mine.json' } } });
    assert.equal(own['defaultCurlOptions'], '-sfL');
    assert.deepEqual(own['dashboardProviders'], {
      'dashboardproviders.yaml': {
        apiVersion: 1,
        providers: [
          { name: 'istio', folder: 'Istio', type: 'file', options: { path: '/var/lib/grafana/dashboards/istio' } },
        ],
      },
    });
  });

  it('keeps Grafana’s password in a Secret, which Kiali reads too', () => {
    const addons = { kiali: {}, grafana: { password: 'p' } };
    assert.deepEqual(addonObjects(addons, {}), [
      {
        object: {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'grafana-admin', namespace: 'istio-system' },
          stringData: { 'admin-user': 'admin', 'admin-password': 'p' },
        },
        origin: 'meshwright:addons.grafana.password',
      },
    ]);
    assert.deepEqual(valuesOf('grafana', addons)['admin'], { existingSecret: 'grafana-admin' });
    const named = { kiali: {}, grafana: { passwordSecret: 'mine' } };
    assert.deepEqual(valuesOf('grafana', named)['admin'], { existingSecret: 'mine' });
    const { external_services } = valuesOf('kiali', named) as { external_services: Record<string, unknown> };
    assert.deepEqual(external_services['grafana'], {
      enabled: true,
      internal_url: 'http://grafana.istio-system.svc.cluster.local:3000',
      auth: { type: 'basic', username: 'secret:mine:admin-user', password: 'secret:mine:admin-password' },
    });
  });
});
