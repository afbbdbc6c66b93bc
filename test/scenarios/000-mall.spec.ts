import assert from 'node:assert/strict';
import { START_TIMEOUT_MS } from '../cluster/lab/support';
import { TEST_TIMEOUT_MS } from '../support/engine-run';
import { Cluster } from './support/cluster';
import { release, releases } from './support/releases';

const ports = [
  { name: 'status-port', port: 15021, protocol: 'TCP', targetPort: 15021 },
  { name: 'http2', port: 80, protocol: 'TCP', targetPort: 80 },
  { name: 'https', port: 443, protocol: 'TCP', targetPort: 443 },
  { name: 'tcp', port: 31400, protocol: 'TCP', targetPort: 31400 },
  { name: 'tls', port: 15443, protocol: 'TCP', targetPort: 15443 },
];

describe('sample 000, objects', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let cluster: Cluster;
  /** What the first update created, in order. */
  let created: string[];
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    cluster = await Cluster.start('000');
    ({ created } = await cluster.up('000'));
  });
  after(() => cluster.down());

  it('S000.1 installs the releases of profile demo, with images from the hub, and gateways with their ports and labels', async () => {
    assert.deepEqual(
      [...releases('000').values()].map(({ name, namespace, chart }) => `${namespace}/${name}: ${chart}`),
      [
        'istio-system/istio-base: base',
        'istio-system/istiod: istiod',
        'istio-system/istio-egressgateway: gateway',
        'istio-system/istio-ingressgateway: gateway',
      ],
    );
    // The chart's own profile demo has `accessLogFile: /dev/stdout` and samples every request.
    assert.deepEqual(release('istiod', '000').values, { profile: 'demo', global: { hub: 'gcr.io/istio-release' } });
    assert.deepEqual(release('istio-ingressgateway', '000').values, { service: { ports } });
    assert.deepEqual(release('istio-egressgateway', '000').values, { service: { type: 'ClusterIP' } });
    const mesh = await cluster.get('ConfigMap istio-system/istio');
    assert.match(String((mesh['data'] as Record<string, unknown>)['mesh']), /^accessLogFile: \/dev\/stdout$/m);
    await cluster.has('Deployment istio-system/istiod', { spec: { replicas: 1 } });
    const { containers } = podSpecOf(await cluster.get('Deployment istio-system/istiod'));
    assert.match(containers[0]?.image ?? '', /^gcr\.io\/istio-release\/pilot:/);
    assert.deepEqual(
      containers[0]?.env?.find(({ name }) => name === 'PILOT_TRACE_SAMPLING'),
      {
        name: 'PILOT_TRACE_SAMPLING',
        value: '100',
      },
    );
    await cluster.has('Service istio-system/istio-ingressgateway', { spec: { type: 'NodePort', ports } });
    await cluster.has('Service istio-system/istio-egressgateway', { spec: { type: 'ClusterIP' } });
    for (const gateway of ['ingressgateway', 'egressgateway']) {
      await cluster.has(`Deployment istio-system/istio-${gateway}`, {
        spec: { template: { metadata: { labels: { istio: gateway } } } },
      });
    }
  });

  it('S000.2 creates CRDs before the first Istio object, and labels the namespace before the first pod', async () => {
    const first = (kind: string) => created.findIndex((title) => title.startsWith(`${kind} `));
    assert.ok(first('Deployment') < first('DestinationRule') && first('DestinationRule') < first('VirtualService'));
    const pods = (await cluster.list('Pod', 'default')).map(({ metadata }) => metadata.annotations);
    assert.deepEqual(
      pods.map((annotations) => annotations?.['meshwright.io/injection']),
      ['enabled', 'enabled', 'enabled', 'enabled'],
    );
    assert.deepEqual(await cluster.injected('default'), ['delivery', 'my-kafka-0', 'order', 'product']);
  });

  it('S000.4 deploys order, delivery and product with their probes, Services without port names, and annotations that are strings', async () => {
    const health = { path: '/actuator/health', port: 8080 };
    const shared = { httpGet: health, timeoutSeconds: 2, periodSeconds: 5 };
    for (const name of ['order', 'delivery', 'product']) {
      await cluster.has(`Deployment default/${name}`, {
        metadata: { annotations: { 'msaez.io/x': '775', 'msaez.io/y': '556' } },
        spec: {
          replicas: 1,
          template: {
            spec: {
              containers: [
                {
                  image: `ghcr.io/shinseongjin2/mallbasicforops_v9/${name}:v2.0`,
                  ports: [{ containerPort: 8080 }],
                  readinessProbe: { ...shared, initialDelaySeconds: 10, failureThreshold: 10 },
                  livenessProbe: { ...shared, initialDelaySeconds: 120, failureThreshold: 5 },
                },
              ],
            },
          },
        },
      });
      const { spec } = await cluster.get(`Service default/${name}`);
      assert.deepEqual(spec?.['ports'], [{ port: 8080, protocol: 'TCP', targetPort: 8080 }]);
    }
    assert.deepEqual(await cluster.injected('default'), ['delivery', 'my-kafka-0', 'order', 'product']);
  });

  it('S000.5 deploys Kafka as a StatefulSet with pod my-kafka-0 in the mesh, and both its Services', async () => {
    await cluster.has('StatefulSet default/my-kafka', { spec: { serviceName: 'my-kafka-headless' } });
    assert.ok((await cluster.injected('default')).includes('my-kafka-0'));
    await cluster.has('Service default/my-kafka', {
      spec: { ports: [{ name: 'tcp-client', port: 9092 }], selector: { app: 'my-kafka' } },
    });
    await cluster.has('Service default/my-kafka-headless', {
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: { app: 'my-kafka' } },
    });
  });

  it('S000.6 creates the Gateway, and a route with weights 100 and 0 for each service', async () => {
    assert.deepEqual((await cluster.get('Gateway default/main-gw')).spec, {
      selector: { istio: 'ingressgateway' },
      servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
    });
    for (const [name, path] of [
      ['order', '/orders'],
      ['delivery', '/deliveries'],
      ['product', '/products'],
    ] as const) {
      assert.deepEqual((await cluster.get(`VirtualService default/vsvc-${name}`)).spec, {
        gateways: ['main-gw'],
        hosts: ['*'],
        http: [
          {
            name: 'primary',
            match: [{ uri: { exact: path } }],
            rewrite: { uri: '/' },
            route: [
              { destination: { host: name, subset: 'canary' }, weight: 0 },
              { destination: { host: name, subset: 'stable' }, weight: 100 },
            ],
          },
        ],
      });
      assert.deepEqual((await cluster.get(`DestinationRule default/destrule-${name}`)).spec, {
        host: name,
        subsets: [
          { name: 'canary', labels: { app: name } },
          { name: 'stable', labels: { app: name } },
        ],
      });
    }
  });

  it('S000.7 updates one VirtualService in place when weights change from 100/0 to 80/20', async () => {
    const before = await cluster.identity('VirtualService default/vsvc-order');
    const plan = await cluster.up('000/canary-20');
    assert.deepEqual([plan.created, plan.removed], [[], []]);
    assert.deepEqual(plan.changed, [
      {
        id: 'VirtualService default/vsvc-order',
        changes: [
          { path: 'spec.http[0].route[0].weight', from: 0, to: 20 },
          { path: 'spec.http[0].route[1].weight', from: 100, to: 80 },
        ],
      },
    ]);
    assert.deepEqual(await cluster.identity('VirtualService default/vsvc-order'), {
      uid: before.uid,
      generation: before.generation + 1,
    });
  });

  it('S000.3 labels namespace default, and removes only the label when the stack is destroyed', async () => {
    await cluster.has('Namespace default', { metadata: { labels: { 'istio-injection': 'enabled' } } });
    await cluster.down();
    const { labels } = (await cluster.get('Namespace default')).metadata;
    assert.deepEqual(labels, { 'kubernetes.io/metadata.name': 'default' });
    assert.deepEqual(await cluster.titles('Deployment', 'default'), []);
  });
});

interface Container {
  image: string;
  env?: { name: string; value?: string }[];
}

function podSpecOf({ spec }: { spec?: Record<string, unknown> }): { containers: Container[] } {
  return (spec as { template: { spec: { containers: Container[] } } }).template.spec;
}
