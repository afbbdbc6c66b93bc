import assert from 'node:assert/strict';
import { appObjects } from '../../mesh/manifests/apps/app';
import { asMap } from '../../mesh/json';
import { objectTitle } from '../../mesh/manifests/kubernetes';
import { START_TIMEOUT_MS } from '../cluster/lab/support';
import { TEST_TIMEOUT_MS } from '../support/engine-run';
import { addonCharts } from './support/charts';
import { Cluster } from './support/cluster';
import { release, releases } from './support/releases';

const inSystem = (kind: string, names: string[]) => names.map((name) => `${kind} istio-system/${name}`);
const bookinfo = ['details', 'productpage', 'ratings', 'reviews'];

describe('sample 001, objects', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let cluster: Cluster;
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    cluster = await Cluster.start('001');
    await cluster.up('001/addons');
  });
  after(() => cluster.down());

  /**
   * The objects of a tracing backend. Each state is deployed once, because changing the backend upgrades istiod's
   * release.
   */
  const tracing = memoized(async (state: string) => {
    const { removed } = await cluster.up(state);
    const found = (await cluster.titles('Service')).filter((title) => /\/(tracing|zipkin)$/.test(title));
    const specs = await Promise.all(['tracing', 'zipkin'].map((name) => cluster.get(`Service istio-system/${name}`)));
    return {
      removed,
      services: found,
      backends: specs.map(({ spec }) => asMap(spec?.['selector'])['app.kubernetes.io/name']),
      ports: specs[0]?.spec?.['ports'],
      collector: await cluster.find('Service istio-system/jaeger-collector'),
      telemetry: (await cluster.get('Telemetry istio-system/mesh-default')).spec,
    };
  });

  it('S001.1 installs the addons in istio-system, none of their pods with a sidecar', async () => {
    assert.deepEqual(
      [...releases('001/addons').values()].slice(-5).map(({ namespace, name }) => `${namespace}/${name}`),
      ['prometheus', 'grafana', 'jaeger', 'zipkin', 'kiali'].map((name) => `istio-system/${name}`),
    );
    const own = inSystem('Service', ['jaeger-collector', 'tracing', 'zipkin']);
    const services = await cluster.titles('Service', 'istio-system');
    assert.deepEqual(
      own.filter((title) => !services.includes(title)),
      [],
    );
    if (addonCharts === undefined) return;
    const deployments = inSystem('Deployment', ['grafana', 'jaeger', 'kiali', 'prometheus', 'zipkin-server']);
    const there = await cluster.titles('Deployment', 'istio-system');
    assert.deepEqual(
      deployments.filter((title) => !there.includes(title)),
      [],
    );
    const ports = async (name: string) =>
      ((await cluster.get(`Service istio-system/${name}`)).spec?.['ports'] as { port: number }[]).map(
        ({ port }) => port,
      );
    assert.deepEqual(await ports('grafana'), [3000]);
    assert.deepEqual(await ports('prometheus'), [9090]);
    assert.deepEqual(await ports('kiali'), [20001, 9090]);
    // Only the gateways' pods have a proxy.
    assert.deepEqual(await cluster.injected('istio-system'), ['istio-egressgateway', 'istio-ingressgateway']);
  });

  it('S001.2 creates one Service tracing and one zipkin, for the backend that is chosen', async () => {
    for (const [state, backend] of [
      ['001', 'jaeger'],
      ['001/zipkin-backend', 'zipkin'],
    ] as const) {
      const { removed, backends, services } = await tracing(state);
      assert.deepEqual(
        { removed, backends, services },
        { removed: [], backends: [backend, backend], services: inSystem('Service', ['tracing', 'zipkin']) },
      );
    }
  });

  it('S001.3 sends port 80 of Service tracing to 9411 when Zipkin is the only backend', async () => {
    const { ports, collector } = await tracing('001/zipkin-only');
    assert.deepEqual(ports, [{ name: 'http-query', port: 80, protocol: 'TCP', targetPort: 9411 }]);
    assert.equal(collector, undefined);
  });

  it('S001.4 adds an extension provider for the backend, and a Telemetry that uses it mesh-wide', async () => {
    for (const [state, provider] of [
      ['001', 'jaeger'],
      ['001/zipkin-backend', 'zipkin'],
      ['001/zipkin-only', 'zipkin'],
    ] as const) {
      assert.deepEqual(release('istiod', state).values['meshConfig'], {
        extensionProviders: [
          { name: provider, zipkin: { service: 'zipkin.istio-system.svc.cluster.local', port: 9411 } },
        ],
      });
      assert.deepEqual((await tracing(state)).telemetry, {
        tracing: [{ providers: [{ name: provider }], randomSamplingPercentage: 100 }],
      });
    }
    await cluster.up('001', { 'meshwright:addons': { jaeger: null, zipkin: null, tracing: null } });
    assert.equal(await cluster.find('Telemetry istio-system/mesh-default'), undefined);
  });

  it('S001.5 makes the Service of Kiali a LoadBalancer and back, in place', async () => {
    assert.deepEqual(release('kiali', '001/kiali-loadbalancer').values['deployment'], {
      pod_labels: { 'sidecar.istio.io/inject': 'false' },
      service_type: 'LoadBalancer',
    });
    if (addonCharts === undefined) return;
    const ports = [
      { name: 'http', port: 20001 },
      { name: 'http-metrics', port: 9090 },
    ];
    await cluster.up('001');
    const { uid } = await cluster.identity('Service istio-system/kiali');
    for (const [state, type] of [
      ['001/kiali-loadbalancer', 'LoadBalancer'],
      ['001', 'ClusterIP'],
    ] as const) {
      await cluster.up(state);
      await cluster.has('Service istio-system/kiali', { spec: { type, ports } });
      assert.equal((await cluster.identity('Service istio-system/kiali')).uid, uid);
    }
  });

  it('S001.6 deploys Bookinfo: four Services, four ServiceAccounts, six Deployments, every pod with a sidecar', async () => {
    await cluster.up('001');
    assert.deepEqual(
      (await cluster.titles('Service', 'default')).filter((title) => title !== 'Service default/kubernetes'),
      bookinfo.map((name) => `Service default/${name}`),
    );
    for (const name of bookinfo) {
      await cluster.has(`Service default/${name}`, { spec: { ports: [{ name: 'http', port: 9080 }] } });
    }
    assert.deepEqual(
      (await cluster.titles('ServiceAccount', 'default')).filter((title) => title !== 'ServiceAccount default/default'),
      bookinfo.map((name) => `ServiceAccount default/bookinfo-${name}`),
    );
    const pods = ['details-v1', 'productpage-v1', 'ratings-v1', 'reviews-v1', 'reviews-v2', 'reviews-v3'];
    assert.deepEqual(
      await cluster.titles('Deployment', 'default'),
      pods.map((name) => `Deployment default/${name}`),
    );
    assert.deepEqual(await cluster.injected('default'), pods);
  });

  it('S001.7 creates bookinfo-gateway for port 80 of every host, with five matches in order', async () => {
    assert.deepEqual((await cluster.get('Gateway default/bookinfo-gateway')).spec, {
      selector: { istio: 'ingressgateway' },
      servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
    });
    assert.deepEqual((await cluster.get('VirtualService default/bookinfo')).spec, {
      gateways: ['bookinfo-gateway'],
      hosts: ['*'],
      http: [
        {
          match: [
            { uri: { exact: '/productpage' } },
            { uri: { prefix: '/static' } },
            { uri: { exact: '/login' } },
            { uri: { exact: '/logout' } },
            { uri: { prefix: '/api/v1/products' } },
          ],
          route: [{ destination: { host: 'productpage', port: { number: 9080 } } }],
        },
      ],
    });
    if (addonCharts === undefined) return;
    const found = await cluster.list('Service', 'istio-system', 'istio=ingressgateway');
    assert.deepEqual(found.map(objectTitle), ['Service istio-system/istio-ingressgateway']);
    const ports = found[0]?.spec?.['ports'] as { port: number }[];
    assert.ok(ports.some(({ port }) => port === 80));
  });

  it('S001.8 deploys the Octopus sample with its replicas, strategy, environment, limits and node port', async () => {
    const plan = await cluster.up('001/octopus');
    assert.deepEqual(
      [...plan.created].sort(),
      appObjects('octopus', { namespace: 'default' }, {})
        .map(({ object }) => objectTitle(object))
        .sort(),
    );
    const cpu = { limits: { cpu: '25m' }, requests: { cpu: '25m' } };
    const deployment = (replicas: number, type: string, name: string, value: string) => ({
      spec: {
        replicas,
        strategy: { type },
        template: { spec: { containers: [{ env: [{ name, value }], resources: cpu }] } },
      },
    });
    await cluster.has('Deployment default/proxy', deployment(1, 'RollingUpdate', 'PROXYURL', 'http://webserver'));
    await cluster.has('Deployment default/webserverv1', deployment(3, 'Recreate', 'SERVERCONTNET', 'WebServer V1'));
    await cluster.has('Deployment default/webserverv2', deployment(3, 'Recreate', 'SERVERCONTNET', 'WebServer V2'));
    await cluster.has('Service default/proxy', {
      spec: { type: 'NodePort', ports: [{ name: 'web', port: 80, targetPort: 3030 }] },
    });
  });

  it('S001.9 takes the addon images from the configuration: those of Istio 1.9 and of 1.30.3', async () => {
    const images: Record<string, Record<string, string>> = {
      '001/addons-1.9': {
        prometheus: 'docker.io/prom/prometheus:v2.21.0',
        grafana: 'docker.io/grafana/grafana:7.2.1',
        kiali: 'quay.io/kiali/kiali:v1.29',
        jaeger: 'docker.io/jaegertracing/all-in-one:1.20',
        'zipkin-server': 'docker.io/openzipkin/zipkin-slim:2.21.0',
      },
      '001/addons-1.30': {
        prometheus: 'docker.io/prom/prometheus:v3.10.0',
        grafana: 'docker.io/grafana/grafana:12.0.1',
        kiali: 'quay.io/kiali/kiali:v2.26',
        jaeger: 'docker.io/jaegertracing/jaeger:2.14.0',
        'zipkin-server': 'docker.io/openzipkin/zipkin-slim:3.4.0',
      },
    };
    for (const [state, expected] of Object.entries(images)) {
      const { image_name: name, image_version: version } = release('kiali', state).values['deployment'] as Record<
        string,
        string
      >;
      assert.equal(`${name ?? ''}:${version ?? ''}`, expected['kiali']);
      await cluster.up(state);
      if (addonCharts === undefined) continue;
      for (const [deployment, image] of Object.entries(expected)) {
        const { spec } = await cluster.get(`Deployment istio-system/${deployment}`);
        const { template } = spec as { template: { spec: { containers: { image: string }[] } } };
        const used = template.spec.containers.map((container) => container.image);
        assert.ok(used.includes(image), `${deployment} of ${state}: ${used.join(', ')}`);
      }
    }
  });
});

/** `look` of each argument, once. */
function memoized<T>(look: (state: string) => Promise<T>): (state: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (state) => {
    const found = known.get(state) ?? look(state);
    known.set(state, found);
    return found;
  };
}
