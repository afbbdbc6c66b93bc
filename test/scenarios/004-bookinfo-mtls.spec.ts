import assert from 'node:assert/strict';
import { parseStackText } from '../../config/stack-text';
import { sampleStackFile } from '../../cli/samples';
import { START_TIMEOUT_MS } from '../cluster/lab/support';
import { TEST_TIMEOUT_MS } from '../support/engine-run';
import { Cluster } from './support/cluster';
import { release, releases } from './support/releases';

const services = ['details', 'productpage', 'ratings', 'reviews'];
const subsets = {
  details: ['v1', 'v2'],
  productpage: ['v1'],
  ratings: ['v1', 'v2', 'v2-mysql', 'v2-mysql-vm'],
  reviews: ['v1', 'v2', 'v3'],
};

describe('sample 004, objects', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let cluster: Cluster;
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    cluster = await Cluster.start('004');
    await cluster.up('004');
  });
  after(() => cluster.down());

  it('S004.1 labels istio-system with injection disabled, and no pod there gets a sidecar', async () => {
    await cluster.has('Namespace istio-system', { metadata: { labels: { 'istio-injection': 'disabled' } } });
    assert.deepEqual(await cluster.injected('istio-system'), []);
  });

  it('S004.2 sets mesh-wide mTLS by one PeerAuthentication in the root namespace, without DestinationRules', async () => {
    assert.deepEqual(await cluster.titles('PeerAuthentication'), ['PeerAuthentication istio-system/default']);
    assert.deepEqual((await cluster.get('PeerAuthentication istio-system/default')).spec, { mtls: { mode: 'STRICT' } });
    assert.deepEqual(await cluster.titles('DestinationRule'), []);
    const plan = await cluster.up('004/permissive');
    assert.deepEqual(plan.changed, [
      {
        id: 'PeerAuthentication istio-system/default',
        changes: [{ path: 'spec.mtls.mode', from: 'STRICT', to: 'PERMISSIVE' }],
      },
    ]);
  });

  it('S004.3 installs tracing, Grafana and Kiali, and refuses servicegraph, which Istio no longer has', () => {
    const addons = [...releases('004').keys()].slice(-4);
    assert.deepEqual(addons, ['prometheus', 'grafana', 'jaeger', 'kiali']);
    const file = sampleStackFile('004-bookinfo-mtls', 'base').replace('    kiali: {}', '    servicegraph: {}');
    const parsed = parseStackText(file, 'stack');
    assert.ok('problems' in parsed);
    assert.deepEqual(
      parsed.problems.map(({ path }) => path),
      ['meshwright:addons.servicegraph'],
    );
  });

  it('S004.4 gives the gateway a Service of type NodePort with the configured node port', async () => {
    const service = {
      type: 'NodePort',
      ports: [
        { name: 'status-port', port: 15021, protocol: 'TCP', targetPort: 15021 },
        { name: 'http2', port: 80, protocol: 'TCP', targetPort: 80, nodePort: 31380 },
        { name: 'https', port: 443, protocol: 'TCP', targetPort: 443 },
      ],
    };
    assert.deepEqual(release('istio-ingressgateway', '004').values, { service });
    assert.deepEqual(release('istio-ingressgateway', '004/load-balancer').values, {});
    await cluster.up('004');
    await cluster.has('Service istio-ingress/istio-ingressgateway', { spec: service });
  });

  it('S004.5 creates four DestinationRules, without and with ISTIO_MUTUAL', async () => {
    for (const [state, policy] of [
      ['004/destination-rules', {}],
      ['004/destination-rules-mtls', { trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } }],
    ] as const) {
      await cluster.up(state);
      for (const [host, versions] of Object.entries(subsets)) {
        assert.deepEqual((await cluster.get(`DestinationRule default/${host}`)).spec, {
          host,
          ...policy,
          subsets: versions.map((version) => ({ name: version, labels: { version } })),
        });
      }
      assert.equal((await cluster.titles('DestinationRule')).length, 4);
    }
  });

  it('S004.6 sends all to v1, then jason to reviews v2 by changing one VirtualService', async () => {
    await cluster.up('004/destination-rules-mtls');
    const first = await cluster.up('004/all-v1');
    assert.deepEqual(
      [...first.created].sort(),
      services.map((name) => `VirtualService default/${name}`),
    );
    const second = await cluster.up('004/jason-v2');
    const changed = second.changed.map(({ id }) => id);
    assert.deepEqual([second.created, changed, second.removed], [[], ['VirtualService default/reviews'], []]);
    const to = (subset: string) => [{ destination: { host: 'reviews', subset } }];
    assert.deepEqual((await cluster.get('VirtualService default/reviews')).spec?.['http'], [
      { match: [{ headers: { 'end-user': { exact: 'jason' } } }], route: to('v2') },
      { route: to('v1') },
    ]);
  });
});
