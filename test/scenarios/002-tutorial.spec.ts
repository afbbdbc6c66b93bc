import assert from 'node:assert/strict';
import { parseStackText } from '../../config/stack-text';
import { tryKubectl } from '../cluster/lab/kubectl';
import { sampleStackFile } from '../../cli/samples';
import { START_TIMEOUT_MS } from '../cluster/lab/support';
import { TEST_TIMEOUT_MS } from '../support/engine-run';
import { Cluster } from './support/cluster';

const chain = ['customer', 'preference-v1', 'recommendation-v1', 'recommendation-v2'];
/** Without a weight: all requests, as a lone `rest` is written. */
const to = (version: string, weight?: number) => ({
  destination: { host: 'recommendation', subset: version },
  ...(weight === undefined ? {} : { weight }),
});

describe('sample 002, objects', function () {
  this.timeout(TEST_TIMEOUT_MS);
  let cluster: Cluster;
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    cluster = await Cluster.start('002');
    await cluster.up('002');
  });
  after(() => cluster.down());

  it('S002.1 injects pods by a label of the namespace or the pod, not by an annotation', async () => {
    await cluster.has('Namespace tutorial', { metadata: { labels: { 'istio-injection': 'enabled' } } });
    assert.deepEqual(await cluster.injected('tutorial'), chain);
    const [pod] = await cluster.list('Pod', 'tutorial');
    assert.equal(pod?.metadata.annotations?.['sidecar.istio.io/inject'], 'true');
    await cluster.up('002', { 'meshwright:namespaces': { tutorial: { injection: null } } });
    assert.deepEqual(await cluster.injected('tutorial'), []);
    const labels = { app: 'customer', version: 'v1', 'sidecar.istio.io/inject': 'true' };
    await cluster.up('002', {
      'meshwright:namespaces': { tutorial: { injection: null } },
      'meshwright:apps': { tutorial: { workloads: { customer: { labels } } } },
    });
    assert.deepEqual(await cluster.injected('tutorial'), ['customer']);
  });

  it('S002.2 deploys the chain with named ports, probes, resources, ServiceAccounts, and Services at 8080', async () => {
    await cluster.up('002');
    const small = { requests: { memory: '20Mi', cpu: '200m' }, limits: { memory: '40Mi', cpu: '500m' } };
    const larger = { requests: { memory: '80Mi', cpu: '200m' }, limits: { memory: '120Mi', cpu: '500m' } };
    const health = (state: string) => ({ exec: { command: ['curl', `localhost:8080/health/${state}`] } });
    for (const name of chain) {
      const app = name.replace(/-v\d$/, '');
      await cluster.has(`Deployment tutorial/${name}`, {
        spec: {
          template: {
            spec: {
              serviceAccountName: app,
              containers: [
                {
                  ports: [
                    { containerPort: 8080, name: 'http', protocol: 'TCP' },
                    { containerPort: 8778, name: 'jolokia', protocol: 'TCP' },
                    { containerPort: 9779, name: 'prometheus', protocol: 'TCP' },
                  ],
                  livenessProbe: { ...health('live'), initialDelaySeconds: 5, periodSeconds: 4, timeoutSeconds: 1 },
                  readinessProbe: { ...health('ready'), initialDelaySeconds: 6, periodSeconds: 5, timeoutSeconds: 1 },
                  resources: app === 'recommendation' ? larger : small,
                },
              ],
            },
          },
        },
      });
      await cluster.get(`ServiceAccount tutorial/${app}`);
      await cluster.has(`Service tutorial/${app}`, { spec: { ports: [{ name: 'http', port: 8080 }] } });
    }
  });

  it('S002.3 creates a Gateway and a VirtualService of the same name, and rewrites /customer to /', async () => {
    assert.deepEqual((await cluster.get('Gateway tutorial/customer-gateway')).spec, {
      selector: { istio: 'ingressgateway' },
      servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
    });
    assert.deepEqual((await cluster.get('VirtualService tutorial/customer-gateway')).spec, {
      gateways: ['customer-gateway'],
      hosts: ['*'],
      http: [
        {
          match: [{ uri: { prefix: '/customer' } }],
          rewrite: { uri: '/' },
          route: [{ destination: { host: 'customer', port: { number: 8080 } } }],
        },
      ],
    });
  });

  it('S002.4 changes only the replicas when recommendation v2 is scaled from 1 to 2 and back', async () => {
    for (const [state, from, into] of [
      ['002/scaled', 1, 2],
      ['002', 2, 1],
    ] as const) {
      const plan = await cluster.up(state);
      assert.deepEqual([plan.created, plan.removed], [[], []]);
      assert.deepEqual(plan.changed, [
        {
          id: 'Deployment tutorial/recommendation-v2',
          changes: [{ path: 'spec.replicas', from, to: into }],
        },
      ]);
      const pods = await cluster.list('Pod', 'tutorial', 'app=recommendation,version=v2');
      assert.equal(pods.filter(({ metadata }) => !('deletionTimestamp' in metadata)).length, into);
    }
  });

  it('S002.9 refuses weights 90/20 and unknown versions, which the API server accepts', async () => {
    const file = (weights: string) => sampleStackFile('002-tutorial', 'all-v1').replace('version-v1: rest', weights);
    const told = (weights: string) => {
      const parsed = parseStackText(file(weights), 'stack');
      return 'problems' in parsed ? parsed.problems.map(({ path, message }) => `${path}: ${message}`) : [];
    };
    const key = 'meshwright:routes.tutorial.recommendation.weights';
    assert.deepEqual(told('version-v1: rest'), []);
    assert.deepEqual(told('{ version-v1: 90, version-v2: 20 }'.slice(2, -2).replace(', ', '\n          ')), [
      `${key}: weights must sum to 100, these sum to 110: version-v1 90, version-v2 20; change one of them, or make it "rest"`,
    ]);
    assert.deepEqual(told('version-v3: rest'), [
      `${key}.version-v3: recommendation has no version "version-v3"; its versions are version-v1, version-v2`,
    ]);
    const object = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'careless', namespace: 'tutorial' },
      spec: { hosts: ['x'], http: [{ route: [to('version-v1', 90), to('version-v9', 20)] }] },
    };
    const taken = await tryKubectl(cluster.lab, ['create', '--dry-run=server', '-f', '-'], JSON.stringify(object));
    assert.equal(taken.stdout.trim(), 'virtualservice.networking.istio.io/careless created (server dry run)');
  });
});
