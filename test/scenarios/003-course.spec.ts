import assert from 'node:assert/strict';
import { START_TIMEOUT_MS } from '../cluster/lab/support';
import { TEST_TIMEOUT_MS } from '../support/engine-run';
import { Cluster } from './support/cluster';
import { release, releases } from './support/releases';

const host = (name: string) => `${name}.cloud.35.209.207.26.nip.io`;
const route = (name: string) => `VirtualService user02/${name}`;

describe('sample 003, objects', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let cluster: Cluster;
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    cluster = await Cluster.start('003');
    await cluster.up('003/istio');
  });
  after(() => cluster.down());

  it('S003.1 installs three Helm releases with the names and the version that are configured', async () => {
    for (const version of ['1.17.2', '1.18.2', '1.30.3']) {
      const set = releases('003/istio', { 'meshwright:istio': { version } });
      assert.deepEqual(
        [...set.values()].map(({ namespace, name, chart, version: pinned }) => [`${namespace}/${name}`, chart, pinned]),
        [
          ['istio-system/istio-base', 'base', version],
          ['istio-system/istio-istiod', 'istiod', version],
          ['istio-ingress/istio-ingressgateway', 'gateway', version],
        ],
      );
    }
    const crds = (await cluster.titles('CustomResourceDefinition')).filter((title) => title.endsWith('.istio.io'));
    assert.equal(crds.length, 15);
    const ports = async (title: string) =>
      ((await cluster.get(title)).spec?.['ports'] as { port: number }[]).map(({ port }) => port);
    assert.deepEqual(await ports('Service istio-system/istiod'), [15010, 15012, 443, 15014]);
    assert.deepEqual(await ports('Service istio-ingress/istio-ingressgateway'), [15021, 80, 443]);
    await cluster.has('Service istio-ingress/istio-ingressgateway', { spec: { type: 'NodePort' } });
    for (const title of ['istio-system/istiod', 'istio-ingress/istio-ingressgateway']) {
      const target = { type: 'Utilization', averageUtilization: 80 };
      await cluster.has(`HorizontalPodAutoscaler ${title}`, {
        spec: { minReplicas: 1, maxReplicas: 5, metrics: [{ resource: { name: 'cpu', target } }] },
      });
    }
  });

  it('S003.2 takes charts from a local path, and changes nothing else in the releases', () => {
    const source = ({ name, namespace, values, after }: ReturnType<typeof release>) => ({
      name,
      namespace,
      values,
      after,
    });
    const local = releases('003/istio', {
      'meshwright:istio': { charts: { path: './charts', files: { base: './base-1.14.1.tgz' } } },
    });
    assert.deepEqual([...local.values()].map(source), [...releases('003/istio').values()].map(source));
    assert.deepEqual(
      [...local.values()].map(({ chart, repository, version }) => [chart, repository, version]),
      [
        ['./base-1.14.1.tgz', undefined, undefined],
        ['./charts/istiod', undefined, undefined],
        ['./charts/gateway', undefined, undefined],
      ],
    );
  });

  it('S003.4 replaces the pod userlist when its namespace gets or loses the injection label', async () => {
    await cluster.up('003/userlist');
    assert.deepEqual(await cluster.injected('user02'), []);
    const pods = async () =>
      (await cluster.list('Pod', 'user02')).filter(({ metadata }) => !('deletionTimestamp' in metadata));
    const [first] = await pods();
    await cluster.up('003/userlist-injected');
    assert.deepEqual(await cluster.injected('user02'), ['userlist']);
    const [second, ...others] = await pods();
    assert.deepEqual(others, []);
    assert.notEqual(second?.metadata.name, first?.metadata.name);
    await cluster.up('003/userlist');
    assert.deepEqual(await cluster.injected('user02'), []);
    const [third] = await pods();
    assert.notEqual(third?.metadata.name, second?.metadata.name);
    const injector = (await cluster.get('ConfigMap istio-system/istio-sidecar-injector'))['data'] as { values: string };
    const { global } = JSON.parse(injector.values) as { global: { proxy: { resources: object; image: string } } };
    assert.deepEqual(global.proxy.resources, {
      requests: { cpu: '100m', memory: '128Mi' },
      limits: { cpu: '2000m', memory: '1024Mi' },
    });
    assert.equal(global.proxy.image, 'proxyv2');
  });

  it('S003.3 selects the gateway by the label that the chart derives from the release’s name', async () => {
    const selector = { istio: 'ingressgateway' };
    assert.deepEqual(release('istio-ingressgateway', '003').values, {});
    await cluster.up('003');
    await cluster.has('Gateway user02/bookinfo-gateway', { spec: { selector } });
    await cluster.has('Deployment istio-ingress/istio-ingressgateway', {
      spec: { template: { metadata: { labels: selector } } },
    });
  });

  it('S003.5 deploys Bookinfo in user02: six Deployments, user 1000, LOG_DIR and emptyDir', async () => {
    await cluster.up('003');
    const versions = ['details-v1', 'productpage-v1', 'ratings-v1', 'reviews-v1', 'reviews-v2', 'reviews-v3'];
    assert.deepEqual(
      await cluster.titles('Deployment', 'user02'),
      versions.map((name) => `Deployment user02/${name}`),
    );
    for (const name of versions) {
      await cluster.has(`Deployment user02/${name}`, {
        spec: { template: { spec: { containers: [{ securityContext: { runAsUser: 1000 } }] } } },
      });
    }
    await cluster.has('Deployment user02/reviews-v2', {
      spec: {
        template: {
          spec: {
            containers: [{ env: [{ name: 'LOG_DIR', value: '/tmp/logs' }] }],
            volumes: [
              { name: 'wlp-output', emptyDir: {} },
              { name: 'tmp', emptyDir: {} },
            ],
          },
        },
      },
    });
  });

  it('S003.6 puts the host into the VirtualService, and into the Ingress in front of the gateway', async () => {
    await cluster.has(route('bookinfo'), {
      spec: { hosts: [host('bookinfo.user02')], gateways: ['bookinfo-gateway'] },
    });
    assert.deepEqual((await cluster.get('Ingress istio-ingress/bookinfo-ingress-user02')).spec, {
      ingressClassName: 'traefik',
      rules: [rule(host('bookinfo.user02'), 'istio-ingressgateway', 80)],
    });
  });

  it('S003.7 creates an Ingress for each addon, to its Service and port', async () => {
    const addons: [string, string, number][] = [
      ['prometheus', 'prometheus', 9090],
      ['grafana', 'grafana', 3000],
      ['kiali', 'kiali', 20001],
      ['jaeger', 'tracing', 80],
    ];
    for (const [addon, service, port] of addons) {
      assert.deepEqual((await cluster.get(`Ingress istio-system/${addon}-ingress`)).spec, {
        ingressClassName: 'traefik',
        rules: [rule(host(`${addon}.istio-system`), service, port)],
      });
    }
  });

  it('S003.15 deletes objects and namespaces, and keeps the CRDs, as Helm does', async () => {
    await cluster.down();
    const namespaces = await cluster.titles('Namespace');
    assert.deepEqual(
      namespaces.filter((title) => /user02|istio-/.test(title)),
      [],
    );
    assert.deepEqual(await cluster.titles('VirtualService'), []);
    const crds = (await cluster.titles('CustomResourceDefinition')).filter((title) => title.endsWith('.istio.io'));
    assert.equal(crds.length, 15);
  });
});

function rule(ruleHost: string, service: string, port: number): object {
  const backend = { service: { name: service, port: { number: port } } };
  return { host: ruleHost, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } };
}
